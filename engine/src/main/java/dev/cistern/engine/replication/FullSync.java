package dev.cistern.engine.replication;

import dev.cistern.engine.atrest.AtRest;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.persistence.Persistence;
import dev.cistern.engine.settings.OutputLimits;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes snapshots for replicas that cannot go on from where they were: one for all that wait, and the log from its cut
 * on for each.
 *
 * <p>The snapshot is spooled to a file that has no name any more when the first byte comes, so that whoever writes a
 * changed entry down first never waits for a slow replica. Works on a thread of its own, as long as somebody waits.
 */
final class FullSync {
    private static final Logger LOG = LoggerFactory.getLogger(FullSync.class);
    private static final long PAUSE_MILLIS = 5;
    /** What part of the time a snapshot for replicas is written, whatever clients need. */
    private static final double LEAST_URGENCY = 0.25;

    private final Replication replication;
    private final Node node;
    private final List<Follower> waiting = new ArrayList<>();
    private boolean isRunning;

    FullSync(Replication replication, Node node) {
        this.replication = replication;
        this.node = node;
    }

    /** This one needs a snapshot. */
    synchronized void add(Follower follower) {
        follower.awaitSnapshot();
        waiting.add(follower);
        if (!isRunning) {
            isRunning = true;
            node.inBackground(this::run);
        }
    }

    synchronized void forget(Follower follower) {
        waiting.remove(follower);
    }

    private synchronized List<Follower> next() {
        List<Follower> batch = List.copyOf(waiting);
        waiting.clear();
        isRunning = !batch.isEmpty();
        return batch;
    }

    private void run() {
        for (List<Follower> batch = next(); !batch.isEmpty(); batch = next()) {
            for (Follower.Share share : Follower.Share.values()) {
                List<Follower> alike = batch.stream().filter(follower -> follower.share() == share).toList();
                if (!alike.isEmpty()) {
                    serveOrDrop(alike, share);
                }
            }
        }
    }

    private void serveOrDrop(List<Follower> batch, Follower.Share share) {
        try {
            serve(batch, share);
        } catch (IOException | RuntimeException e) {
            if (isDeserted(batch)) {
                LOG.info("gave a snapshot up: who waited for it is gone");
            } else {
                LOG.error("no snapshot for {} replicas", batch.size(), e);
                drop(batch);
            }
        }
    }

    private static boolean isDeserted(List<Follower> batch) {
        return batch.stream().allMatch(Follower::isGone);
    }

    private void serve(List<Follower> batch, Follower.Share share) throws IOException {
        while (!node.persistence().begin()) {
            pause();
            if (replication.isClosed()) {
                drop(batch);
                return;
            }
        }
        FileChannel file = spool();
        try {
            Spool spool = new Spool(node.persistence().atRest(), file, batch);
            long[] cut = new long[1];
            String[] history = new String[1];
            write(spool, share, () -> {
                cut[0] = replication.beginLog();
                history[0] = replication.log().id();
                batch.forEach(follower -> follower.readFrom(replication.log().read(cut[0], follower.waker())));
            });
            spool.end();
            Payload payload = new Payload(file, batch.size(), node.persistence().atRest());
            String announcement = "+FULLRESYNC " + history[0] + " " + cut[0] + "\r\n";
            long now = node.clock().wallMillis();
            batch.forEach(follower -> follower.session()
                    .execute(() -> follower.begin(announcement, payload.reader(), now)));
            LOG.info("a snapshot of {} bytes for {} replicas, at {} of {}", payload.length(), batch.size(), cut[0],
                    history[0]);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private void write(Spool spool, Follower.Share share, Runnable atTheCut) throws IOException {
        if (share == Follower.Share.ALL) {
            node.persistence().write(spool, atTheCut);
        } else {
            node.persistence().writeWithoutKeys(spool, () -> replication.underGate(atTheCut),
                    share == Follower.Share.FUNCTIONS);
        }
    }

    private FileChannel spool() throws IOException {
        Path path = node.persistence().hasPlace()
                ? Files.createTempFile(Path.of(node.settings().dir.value()), "temp-sync-", ".rdb")
                : Files.createTempFile("cistern-sync-", ".rdb");
        try {
            return FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        } finally {
            Files.delete(path);
        }
    }

    private final class Spool implements Persistence.Place {
        private final AtRest atRest;
        private final FileChannel file;
        private final List<Follower> batch;
        private WritableByteChannel content;

        Spool(AtRest atRest, FileChannel file, List<Follower> batch) throws IOException {
            this.atRest = atRest;
            this.file = file;
            this.batch = batch;
            this.content = atRest.begin(file);
        }

        /**
         * The log that waits for a replica may not grow beyond its limit, or the replica is dropped and comes again for
         * the next snapshot, for ever: at a quarter of it the snapshot has all the time that it can use. And as long as a
         * replica has no data nobody can take the primary's place, so it never rests for most of the time.
         */
        @Override
        public double urgency() {
            long behind = batch.stream().mapToLong(Follower::behindBytes).max().orElse(0);
            return Math.max(LEAST_URGENCY, 4.0 * behind / OutputLimits.mostForReplica(node.settings()));
        }

        @Override
        public void restart() throws IOException {
            file.truncate(0);
            content = atRest.begin(file);
        }

        void end() throws IOException {
            content.close();
        }

        @Override
        public void write(long address, int length) throws IOException {
            if (isDeserted(batch)) {
                throw new IOException("nobody waits for the snapshot any more");
            }
            ByteBuffer bytes = MemorySegment.ofAddress(address).reinterpret(length).asByteBuffer();
            while (bytes.hasRemaining()) {
                content.write(bytes);
            }
        }
    }

    private static void drop(List<Follower> batch) {
        batch.forEach(follower -> follower.session().execute(() -> {
            follower.session().connection().closeNow();
            follower.gone();
        }));
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.cistern.toolkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.BitSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Fills a cache before its users come: from keys, from URLs that an application serves, or from the keys that a query
 * finds.
 *
 * <p>The work is a sequence that is the same each time it is asked for, so "everything before number n is done" is all
 * that must be remembered to go on later. Failures are counted and do not stop it; interrupting the calling thread
 * does. The sequence is read by the calling thread, each piece is done by a thread of its own pool.
 */
public final class Prewarm<T> {

    private static final int CHECKPOINT_EVERY = 100;

    private final Work<T> work;
    private final Step<T> step;
    private int parallel = 4;
    private double perSecond = Double.POSITIVE_INFINITY;
    private @Nullable Path checkpoint;
    private Consumer<Progress> onProgress = progress -> {};
    private LongConsumer sleepNanos = LockSupport::parkNanos;

    private Prewarm(Work<T> work, Step<T> step) {
        this.work = work;
        this.step = step;
    }

    /** How far it is: {@code position} pieces from the start are done or failed, some after it may be as well. */
    public record Progress(long position, long done, long failed) {}

    /** Picks the key out of a row. */
    @FunctionalInterface
    public interface RowKey<K> {
        K of(ResultSet row) throws SQLException;
    }

    private interface Step<T> {
        void run(T piece) throws Exception;
    }

    /** Hands each piece to the consumer, from the first to the last. */
    private interface Work<T> {
        void forEach(Consumer<T> consumer) throws Exception;
    }

    /** Reads {@code keys} through {@code cache}, which loads those it has not. */
    public static <K> Prewarm<K> keys(Iterable<K> keys, LoadingCache<K, ?> cache) {
        return new Prewarm<>(keys::forEach, cache::get);
    }

    /** Reads each URL once, and so fills whatever cache the application behind it uses. */
    public static Prewarm<URI> urls(Iterable<URI> urls) {
        HttpClient client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();
        return new Prewarm<>(urls::forEach, url -> {
            int status = client.send(HttpRequest.newBuilder(url).build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
            if (status >= 400) {
                throw new IOException(url + " answered " + status);
            }
        });
    }

    /** Reads the keys that {@code sql} finds through {@code cache}. To be resumable it needs an ORDER BY. */
    public static <K> Prewarm<K> query(DataSource database, String sql, RowKey<K> key, LoadingCache<K, ?> cache) {
        return new Prewarm<>(consumer -> {
            try (Connection connection = database.getConnection();
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(sql)) {
                while (rows.next()) {
                    consumer.accept(key.of(rows));
                }
            }
        }, cache::get);
    }

    /** How many pieces are under way at a time; 4 if nothing is said. */
    public Prewarm<T> parallel(int pieces) {
        parallel = pieces;
        return this;
    }

    /** How many pieces begin per second at most, so that the database is not hurt by the cure. */
    public Prewarm<T> rate(double piecesPerSecond) {
        perSecond = piecesPerSecond;
        return this;
    }

    /** Remembers in {@code file} how far it is; a later run with the same file goes on from there. Gone when done. */
    public Prewarm<T> resumable(Path file) {
        checkpoint = file;
        return this;
    }

    /** Hears of each finished piece, on the thread that finished it. */
    public Prewarm<T> onProgress(Consumer<Progress> hears) {
        onProgress = hears;
        return this;
    }

    /** How it waits; for tests. */
    Prewarm<T> sleeper(LongConsumer sleepsNanos) {
        sleepNanos = sleepsNanos;
        return this;
    }

    /** Does it all and returns where it ended. */
    public Progress run() {
        Run run = new Run(resumeFrom());
        ExecutorService workers = Executors.newFixedThreadPool(parallel, task -> {
            Thread thread = new Thread(task, "cistern-prewarm");
            thread.setDaemon(true);
            return thread;
        });
        boolean finished = false;
        try {
            work.forEach(piece -> run.submit(piece, workers));
            finished = run.await();
            return run.progress();
        } catch (Exception e) {
            throw LoadException.unchecked(e);
        } finally {
            workers.shutdownNow();
            run.remember(finished);
        }
    }

    private long resumeFrom() {
        if (checkpoint == null || !Files.exists(checkpoint)) {
            return 0;
        }
        try {
            return Long.parseLong(Files.readString(checkpoint).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One run: numbers the pieces, paces them, and knows the longest finished beginning. */
    private final class Run {

        private final long start;
        private final long startNanos = System.nanoTime();
        private final Semaphore free = new Semaphore(parallel);
        private final BitSet finishedAfterPosition = new BitSet();
        private long submitted;
        private long position;
        private long done;
        private long failed;

        Run(long start) {
            this.start = start;
            this.position = start;
        }

        void submit(T piece, ExecutorService workers) {
            long number = submitted++;
            if (number < start) {
                return;
            }
            pace(number - start);
            acquire(1);
            workers.execute(() -> {
                try {
                    Progress now = finished(number, attempt(piece));
                    onProgress.accept(now);
                } finally {
                    free.release();
                }
            });
        }

        private boolean attempt(T piece) {
            try {
                step.run(piece);
                return true;
            } catch (Exception e) {
                return false;
            }
        }

        private void pace(long pieces) {
            long dueNanos = startNanos + (long) (pieces * (1e9 / perSecond));
            long early = dueNanos - System.nanoTime();
            if (early > 0) {
                sleepNanos.accept(early);
            }
        }

        private void acquire(int permits) {
            try {
                free.acquire(permits);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("prewarming was interrupted", e);
            }
        }

        private synchronized Progress finished(long number, boolean went) {
            done += went ? 1 : 0;
            failed += went ? 0 : 1;
            finishedAfterPosition.set((int) (number - position));
            int run = finishedAfterPosition.nextClearBit(0);
            if (run > 0) {
                BitSet rest = finishedAfterPosition.get(run, Math.max(run, finishedAfterPosition.length()));
                finishedAfterPosition.clear();
                finishedAfterPosition.or(rest);
                position += run;
            }
            if ((done + failed) % CHECKPOINT_EVERY == 0) {
                remember(false);
            }
            return progress();
        }

        boolean await() {
            acquire(parallel);
            return true;
        }

        synchronized Progress progress() {
            return new Progress(position, done, failed);
        }

        synchronized void remember(boolean allDone) {
            if (checkpoint == null) {
                return;
            }
            try {
                if (allDone) {
                    Files.deleteIfExists(checkpoint);
                    return;
                }
                Path fresh = checkpoint.resolveSibling(checkpoint.getFileName() + ".new");
                Files.writeString(fresh, Long.toString(position));
                Files.move(fresh, checkpoint, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}

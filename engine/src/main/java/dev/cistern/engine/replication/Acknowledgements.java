package dev.cistern.engine.replication;

import dev.cistern.engine.blocking.Blocking;
import dev.cistern.engine.blocking.Waiter;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** WAIT and WAITAOF: sessions that go on when enough replicas, or disks, have what was written. Any thread. */
final class Acknowledgements {
    private final Replication replication;
    private final List<Waiting> waiting = new CopyOnWriteArrayList<>();

    /** Waits for replicas that have the log up to the offset; or, with {@code disks}, that have it on theirs, as may we. */
    private record Waiting(Waiter waiter, long offset, boolean disks, long local, long replicas) {}

    Acknowledgements(Replication replication) {
        this.replication = replication;
    }

    /** How many replicas have the log up to here. */
    long replicasWith(long offset) {
        return replication.followers().stream().filter(each -> each.isOnline() && each.acknowledged() >= offset)
                .count();
    }

    /** How many replicas have the log up to here on their disks. */
    private long disksWith(long offset) {
        return replication.followers().stream().filter(each -> each.isOnline() && each.kept() >= offset).count();
    }

    private long localWith(long offset) {
        return replication.node().appendOnly().hasKept(offset) ? 1 : 0;
    }

    /** The same for disks: {@code local} is 1 if this node's has to have it as well. */
    void awaitDisks(Session session, Command command, Request request, Reply reply, long local, long replicas,
            long timeoutMillis) {
        long offset = replication.log().end();
        boolean isThere = localWith(offset) >= local && disksWith(offset) >= replicas;
        if (isThere || session.loop().unit().isRunning()) {
            answerDisks(offset, reply);
            return;
        }
        Blocking blocking = new Blocking((_, _, _) -> false, _ -> timeoutMillis, null, Reply::nullArray,
                answer -> answerDisks(offset, answer));
        Waiter waiter = session.loop().await(session, command, blocking, request, timeoutMillis);
        waiting.add(new Waiting(waiter, offset, true, local, replicas));
        if (replicas > 0) {
            replication.log().askForAcknowledgement();
        }
        check();
    }

    private void answerDisks(long offset, Reply reply) {
        reply.array(2);
        reply.integer(localWith(offset));
        reply.integer(disksWith(offset));
    }

    /** Answers at once, or has the session wait until enough replicas have all that is in the log now. */
    void await(Session session, Command command, Request request, Reply reply, long replicas, long timeoutMillis) {
        long offset = replication.log().end();
        long have = replicasWith(offset);
        if (have >= replicas || session.loop().unit().isRunning()) {
            reply.integer(have);
            return;
        }
        Blocking blocking = new Blocking((_, _, _) -> false, _ -> timeoutMillis, null, Reply::nullArray,
                answer -> answer.integer(replicasWith(offset)));
        Waiter waiter = session.loop().await(session, command, blocking, request, timeoutMillis);
        waiting.add(new Waiting(waiter, offset, false, 0, replicas));
        replication.log().askForAcknowledgement();
        check();
    }

    /** A replica has told how far it is, or is gone; or our own disk has more. */
    void check() {
        if (waiting.isEmpty()) {
            return;
        }
        for (Waiting each : List.copyOf(waiting)) {
            long have = each.disks ? disksWith(each.offset) : replicasWith(each.offset);
            long local = each.disks ? localWith(each.offset) : 0;
            if (!each.waiter.isWaiting()) {
                waiting.remove(each);
            } else if (have >= each.replicas && local >= each.local && each.waiter.end()) {
                waiting.remove(each);
                String text = each.disks ? "*2\r\n:" + local + "\r\n:" + have + "\r\n" : ":" + have + "\r\n";
                byte[] answer = text.getBytes(StandardCharsets.US_ASCII);
                each.waiter.session().loop().post(loop -> loop.unblocked(each.waiter, answer));
            }
        }
    }
}

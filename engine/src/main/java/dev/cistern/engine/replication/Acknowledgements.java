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

/** WAIT: sessions that go on when enough replicas have what was written. Any thread. */
final class Acknowledgements {
    private final Replication replication;
    private final List<Waiting> waiting = new CopyOnWriteArrayList<>();

    private record Waiting(Waiter waiter, long offset, long replicas) {}

    Acknowledgements(Replication replication) {
        this.replication = replication;
    }

    /** How many replicas have the log up to here. */
    long replicasWith(long offset) {
        return replication.followers().stream().filter(each -> each.isOnline() && each.acknowledged() >= offset)
                .count();
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
        waiting.add(new Waiting(waiter, offset, replicas));
        replication.log().askForAcknowledgement();
        check();
    }

    /** A replica has told how far it is, or is gone. */
    void check() {
        for (Waiting each : List.copyOf(waiting)) {
            long have = replicasWith(each.offset);
            if (!each.waiter.isWaiting()) {
                waiting.remove(each);
            } else if (have >= each.replicas && each.waiter.end()) {
                waiting.remove(each);
                byte[] answer = (":" + have + "\r\n").getBytes(StandardCharsets.US_ASCII);
                each.waiter.session().loop().post(loop -> loop.unblocked(each.waiter, answer));
            }
        }
    }
}

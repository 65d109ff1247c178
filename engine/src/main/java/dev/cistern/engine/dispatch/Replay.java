package dev.cistern.engine.dispatch;

import dev.cistern.engine.network.Connection;
import java.io.IOException;

/**
 * Runs requests that a file of the log has, for nobody's answer: what was decided once is done again.
 *
 * <p>No gate is asked, no key expires or is evicted meanwhile, and nothing is logged: the log is off. On a thread of its
 * own, which is no loop's, while no client is served.
 */
public final class Replay implements AutoCloseable {
    private final NodeLoop loop;
    private final Session session;
    private long errors;

    public Replay(Node node) {
        loop = new NodeLoop(node, node.loops().getFirst().eventLoop());
        session = loop.accept(Connection.toNobody(loop.eventLoop()));
        session.replay();
    }

    /** Runs whole requests. Throws when one of them is none that there is. */
    public void run(long address, long bytes) throws IOException {
        errors += loop.replay(session, address, bytes);
    }

    /** Requests that were answered with an error, which they were not when they were logged. */
    public long errors() {
        return errors;
    }

    /** What is selected now. */
    public int database() {
        return session.database();
    }

    @Override
    public void close() {
        session.release();
        loop.close();
    }
}

package dev.cistern.engine.dispatch;

import dev.cistern.engine.network.Connection;
import dev.cistern.engine.protocol.ReplyTooLongException;
import dev.cistern.engine.settings.OutputLimits;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the sessions of a loop that cause replies faster than they read them.
 *
 * <p>The settings' limits close them, as in the original. Where those say "no limit", a session that leaves much unread
 * is not read from any more until it has caught up: so one client can take {@value #PATIENT_BYTES} bytes, and many
 * together little more than {@value #CROWD_BYTES}. One per node and loop; its thread only.
 */
final class OutputGuard {
    private static final Logger LOG = LoggerFactory.getLogger(OutputGuard.class);
    private static final long PATIENT_BYTES = 64L << 20;
    /** What all sessions of the process may hold before each is looked at more strictly. */
    private static final long CROWD_BYTES = 512L << 20;
    private static final long IMPATIENT_BYTES = 1L << 20;
    /** What a client who has not said who he is may leave unread: an error for each of his commands. */
    private static final long MAX_UNAUTHENTICATED_BYTES = 1L << 20;
    /**
     * A reply of more is not wanted by anybody: a thousand times the same key in MGET may be more than any memory. An
     * original without limits grows until the system ends it.
     */
    private static final long LONGEST_REPLY_BYTES = 1L << 30;

    private final Node node;
    private final Set<Session> behind = new HashSet<>();

    OutputGuard(Node node) {
        this.node = node;
    }

    /** The session has unsent replies. Closes it, stops reading from it, or leaves it alone. */
    void check(Session session) {
        behind.add(session);
        Connection connection = session.connection();
        long backlog = connection.backlogBytes();
        OutputLimits.Limit limit = node.settings().outputLimits.of(session.clientClass());
        boolean overHard = (limit.hardBytes() > 0 && backlog > limit.hardBytes())
                || (!session.isAuthenticated() && backlog > MAX_UNAUTHENTICATED_BYTES);
        if (overHard || isOverSoftLimit(session, limit, backlog)) {
            end(session, "it leaves " + backlog + " bytes of replies unread");
        } else if (backlog > patience()) {
            connection.pauseReading();
        }
    }

    /** How many bytes one command may answer to the session. */
    long mostReplyBytes(Session session) {
        long hardBytes = node.settings().outputLimits.of(session.clientClass()).hardBytes();
        return hardBytes > 0 ? Math.min(hardBytes, LONGEST_REPLY_BYTES) : LONGEST_REPLY_BYTES;
    }

    /** A command was given up because its reply became longer than that. */
    void cut(Session session, ReplyTooLongException reason) {
        end(session, "a reply of it has " + reason.bytes() + " bytes and more");
    }

    private void end(Session session, String reason) {
        LOG.warn("closing client {} ({}): {}", session.id(), session.remoteAddress(), reason);
        node.counters().outputLimitDisconnections.increment();
        session.connection().closeNow();
    }

    private static long patience() {
        return Memory.heldBytes(MemoryTag.SESSION) > CROWD_BYTES ? IMPATIENT_BYTES : PATIENT_BYTES;
    }

    private boolean isOverSoftLimit(Session session, OutputLimits.Limit limit, long backlog) {
        if (limit.softBytes() == 0 || backlog <= limit.softBytes()) {
            session.softLimitSinceMillis = 0;
            return false;
        }
        long now = node.clock().wallMillis();
        if (session.softLimitSinceMillis == 0) {
            session.softLimitSinceMillis = now;
        }
        return now - session.softLimitSinceMillis > limit.softSeconds() * 1000L;
    }

    /** Whether the session may be read from, as far as its unsent replies go. */
    boolean mayRead(Session session) {
        return session.connection().backlogBytes() < patience();
    }

    /** Looks again at all that are behind: time passes, too. */
    void checkAll() {
        if (!behind.isEmpty()) {
            Set.copyOf(behind).forEach(this::check);
        }
    }

    /** The session has caught up, or is gone. */
    void forget(Session session) {
        session.softLimitSinceMillis = 0;
        behind.remove(session);
    }
}

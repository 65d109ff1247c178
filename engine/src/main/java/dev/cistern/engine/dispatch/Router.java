package dev.cistern.engine.dispatch;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Request;
import org.jspecify.annotations.Nullable;

/**
 * Says which requests this node serves, when it is one of many that share the keys. A node that stands alone has none.
 *
 * <p>Asked on the session's loop, before the command runs and holds anything.
 */
public interface Router {

    /** Why the request does not run here, most often because another node has its keys; null if it does. */
    @Nullable
    CommandException refusal(Session session, Command command, Request request);

    /** The same for a command that a script calls, some stripes held. */
    @Nullable
    CommandException refusalInScript(Session session, Command command, Request request);

    /** Whether the request's keys are about to change hands, so that it has to wait; only asked while some are. */
    boolean holdsBack(Session session, Command command, Request request);
}

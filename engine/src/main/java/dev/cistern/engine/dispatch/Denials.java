package dev.cistern.engine.dispatch;

import dev.cistern.engine.acl.AclLog;
import dev.cistern.engine.acl.Denial;
import dev.cistern.engine.protocol.Request;
import java.nio.charset.StandardCharsets;

/** Counts and logs what users were refused. Stateless; on the session's loop. */
public final class Denials {

    private Denials() {}

    /** A command that its user may not run; {@code argument} is what it was about, 0 for the command itself. */
    static void note(Session session, Denial denial, Command command, Request request, int argument,
            AclLog.Context context) {
        NodeCounters counters = session.node().counters();
        switch (denial) {
            case COMMAND -> counters.deniedCommands.increment();
            case KEY -> counters.deniedKeys.increment();
            case CHANNEL -> counters.deniedChannels.increment();
            case DATABASE -> counters.deniedDatabases.increment();
            case AUTHENTICATION -> counters.deniedAuthentications.increment();
        }
        String object = argument == 0 ? command.fullName() : bytesOf(request, argument);
        session.node().aclLog().add(session, denial, context, object, session.user().key());
    }

    /** A name or a password that was wrong; the name stands for bytes, one a character. */
    public static void noteFailedLogin(Session session, String name, Request request) {
        session.node().counters().deniedAuthentications.increment();
        session.loginFailed();
        if (!session.node().users().isInternal(name)) {
            session.node().aclLog().add(session, Denial.AUTHENTICATION, AclLog.Context.TOPLEVEL,
                    bytesOf(request, 0), name);
        }
    }

    private static String bytesOf(Request request, int argument) {
        return new String(request.copy(argument), StandardCharsets.ISO_8859_1);
    }
}

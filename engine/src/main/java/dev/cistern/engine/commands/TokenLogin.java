package dev.cistern.engine.commands;

import dev.cistern.engine.acl.LoginTokens;
import dev.cistern.engine.acl.User;
import dev.cistern.engine.dispatch.Denials;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Request;
import org.jspecify.annotations.Nullable;

/**
 * AUTH and HELLO of a user who shows a signed token in place of a password: over an encrypted connection alone, never in a
 * transaction, and for some hours.
 */
final class TokenLogin {

    private TokenLogin() {}

    /** Lets the session in, or throws what the client is told. */
    static void authenticate(Session session, Request request, String name, byte[] token) {
        Node node = session.node();
        boolean isPlaceForIt = session.connection().isEncrypted() && !session.isInTransaction()
                && !session.connection().isForInsiders();
        @Nullable
        User user = isPlaceForIt
                ? node.users().authenticateByToken(name, token, node.clock().wallMillis())
                : null;
        if (user == null) {
            node.counters().deniedTokenLogins.increment();
            Denials.noteFailedLogin(session, name, request);
            throw CommandException.WRONG_PASSWORD;
        }
        node.counters().tokenLogins.increment();
        session.authenticateUntil(user, node.clock().nanos() + LoginTokens.SESSION_NANOS);
    }
}

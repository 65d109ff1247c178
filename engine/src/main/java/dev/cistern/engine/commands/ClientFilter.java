package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.settings.OutputLimits.ClientClass;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which sessions CLIENT LIST shows and CLIENT KILL ends: all conditions that were given hold. Made per command. */
final class ClientFilter {
    private static final CommandException ID_NOT_POSITIVE = CommandException.of(
            "ERR client-id should be greater than 0");
    private static final CommandException INVALID_ID = CommandException.of("ERR Invalid client ID");
    private static final CommandException INVALID_AGE = CommandException.of(
            "ERR maxage is not an integer or out of range");

    private final Set<Long> ids = new HashSet<>();
    private @Nullable String type;
    private @Nullable String user;
    private @Nullable String address;
    private @Nullable String localAddress;
    private long leastAgeSeconds;
    private boolean skipsMe;

    private ClientFilter() {}

    /** CLIENT LIST [TYPE type] [ID id [id ...]]. */
    static ClientFilter forList(Request request) {
        ClientFilter filter = new ClientFilter();
        for (int i = 2; i < request.count(); i += 2) {
            if (i + 1 >= request.count()) {
                throw CommandException.SYNTAX_ERROR;
            }
            if (request.is(i, "ID")) {
                for (int at = i + 1; at < request.count(); at++) {
                    filter.ids.add(request.longAt(at, INVALID_ID));
                }
                return filter;
            }
            if (!request.is(i, "TYPE")) {
                throw CommandException.SYNTAX_ERROR;
            }
            filter.type = type(request.text(i + 1));
        }
        return filter;
    }

    /** CLIENT KILL option value [option value ...]. */
    static ClientFilter forKill(Session me, Request request) {
        ClientFilter filter = new ClientFilter();
        filter.skipsMe = true;
        for (int i = 2; i < request.count(); i += 2) {
            if (i + 1 >= request.count()) {
                throw CommandException.SYNTAX_ERROR;
            }
            filter.option(me, request, i);
        }
        return filter;
    }

    private void option(Session me, Request request, int at) {
        if (request.is(at, "ID")) {
            ids.add(request.longAt(at + 1, 1, Long.MAX_VALUE, ID_NOT_POSITIVE));
        } else if (request.is(at, "TYPE")) {
            type = type(request.text(at + 1));
        } else if (request.is(at, "ADDR")) {
            address = request.text(at + 1);
        } else if (request.is(at, "LADDR")) {
            localAddress = request.text(at + 1);
        } else if (request.is(at, "USER")) {
            user = user(me, request.text(at + 1));
        } else if (request.is(at, "MAXAGE")) {
            leastAgeSeconds = request.longAt(at + 1, INVALID_AGE);
        } else if (request.is(at, "SKIPME") && request.is(at + 1, "YES")) {
            skipsMe = true;
        } else if (request.is(at, "SKIPME") && request.is(at + 1, "NO")) {
            skipsMe = false;
        } else {
            throw CommandException.SYNTAX_ERROR;
        }
    }

    private static String user(Session me, String name) {
        if (!me.node().users().isKnown(name)) {
            throw CommandException.of("ERR No such user '" + name + "'");
        }
        return name;
    }

    private static String type(String name) {
        String type = name.toLowerCase(Locale.ROOT);
        return switch (type) {
            case "normal", "master", "primary", "pubsub" -> type;
            case "replica", "slave" -> "replica";
            default -> throw CommandException.of("ERR Unknown client type '" + name + "'");
        };
    }

    /** Whether the session is meant, when {@code me} asks. The control plane's sessions are nobody else's business. */
    boolean matches(Session session, Session me, long nowMillis) {
        boolean isMe = session.id() == me.id();
        return (me.user().isInternal() || !session.user().isInternal())
                && !(isMe && skipsMe)
                && (ids.isEmpty() || ids.contains(session.id()))
                && (type == null || isOfType(session))
                && (user == null || user.equals(session.user().name()))
                && (address == null || address.equals(session.remoteAddress()))
                && (localAddress == null || localAddress.equals(session.localAddress()))
                && (nowMillis - session.createdMillis()) / 1000 >= leastAgeSeconds;
    }

    private boolean isOfType(Session session) {
        String present = session.clientClass() == ClientClass.PUBSUB
                ? "pubsub"
                : session.clientClass() == ClientClass.SLAVE ? "replica" : "normal";
        return present.equals(type);
    }
}

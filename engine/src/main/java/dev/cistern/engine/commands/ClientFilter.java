package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.ClientLine;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.settings.OutputLimits.ClientClass;
import dev.cistern.store.Decimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Which sessions CLIENT LIST shows and CLIENT KILL ends: all conditions that were given hold. Made per command.
 *
 * <p>A condition is a word and its value; most words may be turned round by NOT- in front of them. ID and NOT-ID take as
 * many values as there are numbers.
 */
final class ClientFilter {
    private static final CommandException ID_NOT_POSITIVE = CommandException.of(
            "ERR client-id should be greater than 0");
    private static final CommandException INVALID_ID = CommandException.of("ERR Invalid client ID");
    private static final CommandException AGE_NOT_POSITIVE = CommandException.of(
            "ERR maxage should be greater than 0");
    private static final CommandException INVALID_AGE = CommandException.of(
            "ERR maxage is not an integer or out of range");
    private static final CommandException INVALID_IDLE = CommandException.of(
            "ERR idle is not an integer or out of range");
    private static final String NOT = "NOT-";

    private final Session me;
    private final Request request;
    private final long nowMillis;
    private final List<Predicate<Session>> conditions = new ArrayList<>();
    private final CommandException notAnId;
    private boolean skipsMe;

    private ClientFilter(Session me, Request request, boolean skipsMe, CommandException notAnId) {
        this.me = me;
        this.request = request;
        this.nowMillis = me.node().clock().wallMillis();
        this.skipsMe = skipsMe;
        this.notAnId = notAnId;
    }

    /** CLIENT LIST [condition value ...]. */
    static ClientFilter forList(Session me, Request request) {
        return new ClientFilter(me, request, false, INVALID_ID).read();
    }

    /** CLIENT KILL condition value [condition value ...]: spares the session that asks, unless told otherwise. */
    static ClientFilter forKill(Session me, Request request) {
        return new ClientFilter(me, request, true, ID_NOT_POSITIVE).read();
    }

    private ClientFilter read() {
        int at = 2;
        while (at < request.count()) {
            if (at + 1 >= request.count()) {
                throw CommandException.SYNTAX_ERROR;
            }
            at = readCondition(at);
        }
        return this;
    }

    /** Reads one condition; answers where the next one begins. */
    private int readCondition(int at) {
        String word = request.text(at).toUpperCase(Locale.ROOT);
        boolean negated = word.startsWith(NOT);
        String name = negated ? word.substring(NOT.length()) : word;
        if (name.equals("ID")) {
            Set<Long> ids = new HashSet<>();
            int end = readIds(at + 1, ids);
            add(negated, session -> ids.contains(session.id()));
            return end;
        }
        if (!negated && word.equals("SKIPME")) {
            skipsMe = yesOrNo(at + 1);
        } else if (!negated && word.equals("MAXAGE")) {
            long seconds = request.longAt(at + 1, INVALID_AGE);
            if (seconds < 1) {
                throw AGE_NOT_POSITIVE;
            }
            conditions.add(session -> (nowMillis - session.createdMillis()) / 1000 >= seconds);
        } else if (!negated && word.equals("IDLE")) {
            long seconds = request.longAt(at + 1, INVALID_IDLE);
            conditions.add(session -> (nowMillis - session.lastActiveMillis()) / 1000 >= seconds);
        } else {
            add(negated, condition(name, request.text(at + 1), at + 1));
        }
        return at + 2;
    }

    private void add(boolean negated, Predicate<Session> condition) {
        conditions.add(negated ? condition.negate() : condition);
    }

    /** One id, and as many more as follow. */
    private int readIds(int from, Set<Long> ids) {
        int at = from;
        do {
            long id = request.longAt(at, notAnId);
            if (id < 1) {
                throw ID_NOT_POSITIVE;
            }
            ids.add(id);
            at++;
        } while (at < request.count() && isNumber(at));
        return at;
    }

    private boolean isNumber(int at) {
        long address = request.argument(at).address();
        int length = request.argument(at).length();
        return Decimal.isInteger(Decimal.parse(address, length), address, length);
    }

    private boolean yesOrNo(int at) {
        if (!request.is(at, "YES") && !request.is(at, "NO")) {
            throw CommandException.SYNTAX_ERROR;
        }
        return request.is(at, "YES");
    }

    private Predicate<Session> condition(String name, String value, int at) {
        return switch (name) {
            case "TYPE" -> {
                String type = type(value);
                yield session -> isOfType(session, type);
            }
            case "USER" -> {
                requireUser(value);
                yield session -> value.equals(session.user().name());
            }
            case "ADDR" -> session -> value.equals(session.remoteAddress());
            case "LADDR" -> session -> value.equals(session.localAddress());
            case "IP" -> session -> value.equals(host(session.remoteAddress()));
            case "NAME" -> session -> value.equals(session.name());
            case "LIB-NAME" -> session -> value.equals(session.libraryName());
            case "LIB-VER" -> session -> value.equals(session.libraryVersion());
            case "FLAGS" -> session -> hasAll(ClientLine.flags(session), value);
            case "CAPA" -> session -> hasAll(session.capabilities(), value);
            case "DB" -> {
                long database = request.longAt(at, 0, me.node().settings().databases.value() - 1,
                        CommandException.DB_OUT_OF_RANGE);
                yield session -> session.database() == database;
            }
            default -> throw CommandException.SYNTAX_ERROR;
        };
    }

    private void requireUser(String name) {
        if (!me.node().users().isKnown(name)) {
            throw CommandException.of("ERR No such user '" + name + "'");
        }
    }

    private static String host(String address) {
        return address.substring(0, address.lastIndexOf(':'));
    }

    private static boolean hasAll(String letters, String wanted) {
        return wanted.chars().allMatch(letter -> letters.indexOf(letter) >= 0);
    }

    private static String type(String name) {
        String type = name.toLowerCase(Locale.ROOT);
        return switch (type) {
            case "normal", "pubsub" -> type;
            case "master", "primary" -> "primary";
            case "replica", "slave" -> "replica";
            default -> throw CommandException.of("ERR Unknown client type '" + name + "'");
        };
    }

    private static boolean isOfType(Session session, String type) {
        String present = session.clientClass() == ClientClass.PUBSUB
                ? "pubsub"
                : session.clientClass() == ClientClass.SLAVE ? "replica" : "normal";
        return present.equals(type);
    }

    /** Whether the session is meant. The control plane's sessions are nobody else's business. */
    boolean matches(Session session) {
        boolean isMe = session.id() == me.id();
        return (me.user().isInternal() || !session.user().isInternal())
                && !(isMe && skipsMe)
                && conditions.stream().allMatch(condition -> condition.test(session));
    }
}

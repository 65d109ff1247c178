package dev.cistern.engine.replication;

import dev.cistern.engine.blocking.Waiter;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_MULTI;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.STALE;

/**
 * What a control plane orders of a node in a group of a primary and its replicas: subcommands of CISTERN.
 *
 * <pre>
 *   STATE                                   role, epoch, clock, lease, history, offset and so on: names and values
 *   LEASE epoch millis clock [REPLICAS n]   a primary may write until its clock shows that much more, 0: for ever; answers
 *                                           the clock
 *   LEASE epoch millis clock REPLICAS n HEIR    the same for a replica, from the moment on at which its primary hands over
 *   FENCE epoch                             ends the lease, or the link to a primary; answers like STATE
 *   PROMOTE epoch                           a replica leads, as soon as it has a lease; answers like STATE
 *   FOLLOW epoch host port [BRANCHED history offset]    follow this primary, which went on from there; like STATE
 *   ROLE-PORTS                              which ports belong to the roles, and whether they are open
 *   ROLE-PORTS PRIMARY port READER port     these, 0 for none; answers when the present role's is open
 * </pre>
 *
 * <p>The session's loop; no stripe is held.
 */
public final class OrderCommands {

    public static final Command.Row STATE = row("STATE", 2, OrderCommands::state);
    public static final Command.Row LEASE = row("LEASE", -5, OrderCommands::lease);
    public static final Command.Row FENCE = row("FENCE", 3, OrderCommands::fence);
    public static final Command.Row PROMOTE = row("PROMOTE", 3, OrderCommands::promote);
    public static final Command.Row FOLLOW = row("FOLLOW", -5, OrderCommands::follow);
    public static final Command.Row ROLE_PORTS = row("ROLE-PORTS", -2, OrderCommands::rolePorts);

    private static final CommandException BAD_PORT = CommandException.of("ERR a port is a number from 0 to 65535");
    private static final int MAX_PORT = 65_535;
    private static final byte[] OK = ascii("+OK\r\n");

    private static final CommandException BAD_EPOCH = CommandException.of("ERR an epoch is a number from 1 on");
    private static final CommandException BAD_MILLIS = CommandException
            .of("ERR a lease is of 1 to 600000 ms, or of 0 for ever");
    private static final long MAX_MILLIS = 600_000;
    private static final int MAX_REPLICAS = 1000;

    private OrderCommands() {}

    private static Command.Row row(String name, int arity, Command.SessionBody body) {
        return command(name, arity, ADMIN, STALE, LOADING, NO_SCRIPT, NO_MULTI).runsInSession(body);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    // --- orders ---

    private static Orders orders(Session session) {
        return session.node().replication().orders();
    }

    private static long epochAt(Request request, int index) {
        return request.longAt(index, 1, Long.MAX_VALUE, BAD_EPOCH);
    }

    private static void state(Session session, Request request, Reply reply) {
        List<String> words = words(orders(session).state());
        reply.array(words.size());
        words.forEach(reply::bulk);
    }

    private static List<String> words(Map<String, String> pairs) {
        return pairs.entrySet().stream().flatMap(each -> Stream.of(each.getKey(), each.getValue())).toList();
    }

    private static byte[] encoded(Map<String, String> pairs) {
        List<String> words = words(pairs);
        StringBuilder text = new StringBuilder("*").append(words.size()).append("\r\n");
        for (String word : words) {
            text.append('$').append(word.getBytes(StandardCharsets.UTF_8).length).append("\r\n").append(word)
                    .append("\r\n");
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void fence(Session session, Request request, Reply reply) {
        long epoch = epochAt(request, 2);
        order(session, request, orders -> orders.fence(epoch));
    }

    private static void promote(Session session, Request request, Reply reply) {
        long epoch = epochAt(request, 2);
        order(session, request, orders -> orders.promote(epoch));
    }

    private static void follow(Session session, Request request, Reply reply) {
        long epoch = epochAt(request, 2);
        PrimaryAddress primary = new PrimaryAddress(request.text(3), (int) request.longAt(4, 1, MAX_PORT, BAD_PORT));
        boolean isBranched = request.count() == 8 && request.is(5, "BRANCHED");
        if (request.count() != 5 && !isBranched) {
            throw CommandException.SYNTAX_ERROR;
        }
        String history = isBranched ? request.text(6) : "";
        long offset = isBranched ? request.longAt(7) : 0;
        order(session, request, orders -> orders.follow(epoch, primary, history, offset));
    }

    private static void lease(Session session, Request request, Reply reply) {
        long epoch = epochAt(request, 2);
        long millis = request.longAt(3, 0, MAX_MILLIS, BAD_MILLIS);
        long since = request.longAt(4);
        boolean isHeir = request.count() == 8 && request.is(7, "HEIR");
        boolean hasReplicas = (request.count() == 7 || isHeir) && request.is(5, "REPLICAS");
        if (request.count() != 5 && !hasReplicas) {
            throw CommandException.SYNTAX_ERROR;
        }
        int replicas = hasReplicas ? (int) request.longAt(6, 0, MAX_REPLICAS, CommandException.SYNTAX_ERROR) : 0;
        inBackground(session, request, orders -> {
            if (isHeir) {
                orders.grantHeir(epoch, millis, since, replicas);
            } else {
                orders.grant(epoch, millis, since, replicas);
            }
            return ascii(":" + orders.lease().clockMillis() + "\r\n");
        });
    }

    /** What an order does; it may take its time. */
    private interface Order {
        void carryOut(Orders orders) throws IOException;
    }

    private interface Answer {
        byte[] give(Orders orders) throws IOException;
    }

    private static void order(Session session, Request request, Order order) {
        inBackground(session, request, orders -> {
            order.carryOut(orders);
            return encoded(orders.state());
        });
    }

    /** Files are written and loops waited for, so not on a loop; the session waits for its answer. */
    private static void inBackground(Session session, Request request, Answer answer) {
        NodeLoop loop = session.loop();
        Command command = loop.commandOf(request);
        if (command == null) {
            return;
        }
        Waiter waiter = loop.suspend(session, command, request);
        Orders orders = orders(session);
        session.node().inBackground(() -> loop.answer(waiter, answerOf(orders, answer)));
    }

    private static byte[] answerOf(Orders orders, Answer answer) {
        try {
            return answer.give(orders);
        } catch (CommandException refused) {
            return refused.encoded();
        } catch (IOException e) {
            return CommandException.of("ERR the order cannot be written down: " + e.getMessage()).encoded();
        }
    }

    // --- ports ---

    private static void rolePorts(Session session, Request request, Reply reply) {
        RolePorts ports = session.node().replication().rolePorts();
        if (request.count() == 2) {
            tell(ports, reply);
            return;
        }
        if (request.count() != 6 || !request.is(2, "PRIMARY") || !request.is(4, "READER")) {
            throw CommandException.SYNTAX_ERROR;
        }
        int primary = (int) request.longAt(3, 0, MAX_PORT, BAD_PORT);
        int reader = (int) request.longAt(5, 0, MAX_PORT, BAD_PORT);
        NodeLoop loop = session.loop();
        Command command = loop.commandOf(request);
        if (command != null) {
            Waiter waiter = loop.suspend(session, command, request);
            ports.become(primary, reader, error -> loop.answer(waiter, error == null
                    ? OK
                    : ascii("-ERR " + error
                            + "\r\n")));
        }
    }

    private static void tell(RolePorts ports, Reply reply) {
        reply.map(4);
        reply.bulk("primary");
        reply.integer(ports.primaryPort());
        reply.bulk("primary-open");
        reply.integer(ports.isPrimaryOpen() ? 1 : 0);
        reply.bulk("reader");
        reply.integer(ports.readerPort());
        reply.bulk("reader-open");
        reply.integer(ports.isReaderOpen() ? 1 : 0);
    }
}

package dev.cistern.engine.dispatch;

import dev.cistern.engine.acl.AclLog;
import dev.cistern.engine.acl.Denial;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.EvictionPolicy;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The checks between finding a command and running it, in the order in which the original refuses.
 *
 * <p>Each check belongs to a {@link Condition}; the dispatcher asks the gate only when some condition holds. Before the
 * gate come those that need no condition: the command exists, and has enough arguments. Stateless; any thread.
 */
final class Gate {

    /** Answers why the command may not run now, or null. */
    private interface Rule {
        @Nullable
        CommandException refusal(Session session, Command command, Request request);
    }

    private record Check(String name, Condition condition, Rule rule) {}

    private static final List<Check> CHECKS = List.of(
            new Check("authenticated", Condition.UNAUTHENTICATED, Gate::authenticated),
            new Check("allowed in a transaction", Condition.IN_TRANSACTION, Gate::allowedInTransaction),
            new Check("access rules", Condition.RESTRICTED, Gate::accessRules),
            new Check("keys are here", Condition.CLUSTERED, Gate::keysAreHere),
            new Check("not a monitor", Condition.MONITOR, Gate::notAMonitor),
            new Check("memory limit", Condition.MEMORY_LIMITED, Gate::memoryLimit),
            new Check("what is written can be kept", Condition.SAVE_FAILED, Gate::keeping),
            new Check("what is written can be logged", Condition.LOG_FAILED, Gate::logging),
            new Check("leads by order", Condition.LEASED, Gate::leased),
            new Check("enough replicas", Condition.TOO_FEW_REPLICAS, Gate::enoughReplicas),
            new Check("not written by clients", Condition.REPLICA, Gate::writable),
            new Check("subscribed mode", Condition.SUBSCRIBED, Gate::subscribedMode),
            new Check("up to date", Condition.LINK_DOWN, Gate::upToDate),
            new Check("not loading", Condition.LOADING, Gate::loaded),
            new Check("busy", Condition.BUSY, Gate::busy));

    private Gate() {}

    /** The first refusal among the checks whose condition is in {@code conditions}, or null. */
    static @Nullable CommandException refusal(Session session, Command command, Request request, int conditions) {
        for (int i = 0; i < CHECKS.size(); i++) {
            Check check = CHECKS.get(i);
            if (check.condition().isIn(conditions)) {
                CommandException refusal = check.rule().refusal(session, command, request);
                if (refusal != null) {
                    return refusal;
                }
            }
        }
        return null;
    }

    private static @Nullable CommandException authenticated(Session session, Command command, Request request) {
        if (command.is(Flag.NO_AUTH) || session.isAuthenticated()) {
            return null;
        }
        if (session.connection().isForInsiders() && !request.is(0, "PING")) {
            // A follower of ours asks like this before it says who it is.
            session.connection().closeAfterSending();
        }
        return CommandException.NO_AUTH;
    }

    private static @Nullable CommandException accessRules(Session session, Command command, Request request) {
        Denial denial = session.isInTransaction()
                ? session.denial(command, request, AclLog.Context.MULTI, session.transaction().databaseAtEnd())
                : session.denial(command, request, AclLog.Context.TOPLEVEL, session.database());
        return denial == null
                ? null
                : CommandException.of("NOPERM " + denial.message(session.user(), command.fullName()));
    }

    private static @Nullable CommandException allowedInTransaction(Session session, Command command, Request request) {
        return command.is(Flag.NO_MULTI) ? CommandException.NOT_IN_TRANSACTION : null;
    }

    private static @Nullable CommandException keysAreHere(Session session, Command command, Request request) {
        Router router = session.node().router();
        boolean mayHaveKeys = command.hasKeys() || command.is(Flag.RUNS_QUEUED);
        return router == null || !mayHaveKeys ? null : router.refusal(session, command, request);
    }

    /** Without RESP3 a reply could not be told from a message. */
    private static @Nullable CommandException subscribedMode(Session session, Command command, Request request) {
        if (session.protocol() == 3 || command.is(Flag.WHILE_SUBSCRIBED)) {
            return null;
        }
        return CommandException
                .of("ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET"
                        + " are allowed in this context", command.fullName());
    }

    /** The original takes who watches for a kind of replica. */
    private static @Nullable CommandException notAMonitor(Session session, Command command, Request request) {
        int touching = Flag.READ.bit() | Flag.WRITE.bit() | Flag.MAY_REPLICATE.bit();
        return (command.flags() & touching) == 0 ? null : CommandException.MONITOR_TOUCHES_NOTHING;
    }

    private static @Nullable CommandException memoryLimit(Session session, Command command, Request request) {
        boolean obeys = session.node().is(Condition.REPLICA) && session.node().settings().replicaIgnoreMaxMemory.isOn();
        if (obeys) {
            return null;
        }
        boolean mayNeedMemory = session.mayNeedMemory(command, request);
        // Those that need none still make room when keys may go for it, as the original has it.
        if (!mayNeedMemory && session.node().memoryRules().policy() == EvictionPolicy.NO_EVICTION) {
            return null;
        }
        boolean isOver = session.loop().isOverMemoryLimit();
        return isOver && mayNeedMemory ? CommandException.OUT_OF_MEMORY : null;
    }

    private static final CommandException CANNOT_SAVE = CommandException.of("MISCONF Valkey is configured to save RDB "
            + "snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are "
            + "disabled, because this instance is configured to report errors during writes if RDB snapshotting fails "
            + "(stop-writes-on-bgsave-error option). Please check the Valkey logs for details about the RDB error.");

    /** Why a script may not call this writing command now, or null. */
    static @Nullable CommandException keepingRefusal(Node node) {
        if (node.is(Condition.SAVE_FAILED)) {
            return CANNOT_SAVE;
        }
        if (node.is(Condition.LOG_FAILED)) {
            return cannotLog(node);
        }
        if (node.is(Condition.TOO_FEW_REPLICAS)) {
            return TOO_FEW_REPLICAS;
        }
        return node.is(Condition.REPLICA) && node.settings().replicaReadOnly.isOn() ? READ_ONLY : null;
    }

    private static final CommandException TOO_FEW_REPLICAS = CommandException.of(
            "NOREPLICAS Not enough good replicas to write.");
    private static final CommandException READ_ONLY = CommandException.of(
            "READONLY You can't write against a read only replica.");
    private static final CommandException LINK_DOWN = CommandException.of(
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.");
    private static final CommandException LOADING = CommandException.of(
            "LOADING Redis is loading the dataset in memory");

    private static final CommandException NO_LEASE = CommandException.of(
            "READONLY This node is not the primary of its group, or not any more.");

    /** The reply to what is let through here is looked at again before it leaves. */
    private static @Nullable CommandException leased(Session session, Command command, Request request) {
        CommandException refusal = writes(session, command, request) ? session.loop().leaseRefusal() : null;
        return refusal == null ? null : toldToWriter(session, refusal);
    }

    private static CommandException toldToWriter(Session session, CommandException refusal) {
        if (session.node().settings().closeOnReplicaWrite.isOn() && session.node().is(Condition.REPLICA)) {
            session.closeAfterReply();
        }
        return refusal;
    }

    /** Why a node may not write that needs a lease. */
    static CommandException noLease() {
        return NO_LEASE;
    }

    private static boolean writes(Session session, Command command, Request request) {
        return (session.flagsOf(command, request) & Flag.WRITE.bit()) != 0;
    }

    private static @Nullable CommandException enoughReplicas(Session session, Command command, Request request) {
        return writes(session, command, request) ? TOO_FEW_REPLICAS : null;
    }

    private static @Nullable CommandException writable(Session session, Command command, Request request) {
        return writes(session, command, request) && session.node().settings().replicaReadOnly.isOn()
                ? toldToWriter(session, READ_ONLY)
                : null;
    }

    private static @Nullable CommandException upToDate(Session session, Command command, Request request) {
        boolean refused = !session.node().settings().replicaServeStaleData.isOn()
                && !session.allows(command, request, Flag.STALE);
        return refused ? LINK_DOWN : null;
    }

    private static @Nullable CommandException loaded(Session session, Command command, Request request) {
        return session.allows(command, request, Flag.LOADING) ? null : LOADING;
    }

    private static @Nullable CommandException keeping(Session session, Command command, Request request) {
        // A script that says nothing may only read: it is refused when it calls a command that writes.
        boolean writes = writes(session, command, request)
                || (command.is(Flag.MAY_REPLICATE) && !command.is(Flag.RUNS_SCRIPT));
        return writes ? CANNOT_SAVE : null;
    }

    private static @Nullable CommandException logging(Session session, Command command, Request request) {
        return keeping(session, command, request) == null ? null : cannotLog(session.node());
    }

    private static CommandException cannotLog(Node node) {
        return CommandException.of("MISCONF Errors writing to the AOF file: " + node.appendOnly().failure());
    }

    private static @Nullable CommandException busy(Session session, Command command, Request request) {
        return command.is(Flag.ALLOW_BUSY) ? null : session.node().busyScript().refusal();
    }
}

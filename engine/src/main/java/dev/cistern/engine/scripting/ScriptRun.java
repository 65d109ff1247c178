package dev.cistern.engine.scripting;

import dev.cistern.engine.acl.AclLog;
import dev.cistern.engine.acl.Denial;
import dev.cistern.engine.dispatch.BusyScript;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.Condition;
import dev.cistern.engine.dispatch.Flag;
import dev.cistern.engine.dispatch.Router;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.dispatch.SlotScan;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Request;
import org.jspecify.annotations.Nullable;

/**
 * One script under way: for whom, with which rights, and what it has done so far.
 *
 * <p>Belongs to an engine, which reuses it for one run after the other. What other loops ask of a run that takes long is
 * in {@link dev.cistern.engine.dispatch.BusyScript}.
 */
final class ScriptRun {
    private static final CommandException READ_ONLY_SCRIPT = CommandException.of(
            "ERR Write commands are not allowed from read-only scripts.");
    private static final CommandException NOT_FROM_SCRIPT = CommandException.of(
            "ERR This Redis command is not allowed from script");
    private static final CommandException READ_ONLY_COMMAND = CommandException.of(
            "ERR Can not execute a script with write flag using *_ro command.");

    /** Never told: the machine ends the script before its next instructions. */
    private static final CommandException KILLED = CommandException.of("ERR Script killed by user");

    private static final CommandException NOT_IN_A_CLUSTER = CommandException.of(
            "ERR Can not run script on cluster, 'no-cluster' flag is set.");
    private static final CommandException SEVERAL_SLOTS = CommandException.of(
            "ERR Script attempted to access keys that do not hash to the same slot");

    private @Nullable Session session;
    private String name = "";
    private boolean isEval;
    private boolean readOnly;
    private boolean outOfMemory;
    private boolean wrote;
    private int protocol;
    private boolean crossesSlots;
    /** In a cluster, where the keys of its calls lie; those that it declares count as well. */
    private int slot;
    private BusyScript.@Nullable Running busy;

    /** Begins a run of EVAL or its family. Throws when the script may not run now. */
    void begin(Session caller, Script script, boolean byReadOnlyCommand) {
        check(caller, script.flags(), byReadOnlyCommand);
        session = caller;
        name = script.hex();
        isEval = true;
    }

    /** Begins a run of FCALL. */
    void begin(Session caller, Function function, boolean byReadOnlyCommand) {
        check(caller, function.flags(), byReadOnlyCommand);
        session = caller;
        name = function.name();
        isEval = false;
    }

    /** What a script says of itself decides; one that says nothing is judged by each command that it calls. */
    private void check(Session caller, int flags, boolean byReadOnlyCommand) {
        if (ScriptFlag.NO_CLUSTER.isIn(flags) && caller.node().router() != null) {
            throw NOT_IN_A_CLUSTER;
        }
        boolean noWrites = ScriptFlag.NO_WRITES.isIn(flags);
        boolean legacy = ScriptFlag.LEGACY.isIn(flags);
        if (byReadOnlyCommand && !noWrites && !legacy) {
            throw READ_ONLY_COMMAND;
        }
        // Within a transaction the gate has asked already, and making room now would take stripes under stripes.
        boolean memoryIsShort = caller.node().is(Condition.MEMORY_LIMITED) && !ScriptFlag.ALLOW_OOM.isIn(flags)
                && !noWrites && !caller.loop().unit().isRunning() && caller.loop().isOverMemoryLimit();
        if (memoryIsShort && !legacy) {
            throw CommandException.OUT_OF_MEMORY;
        }
        readOnly = noWrites || byReadOnlyCommand;
        outOfMemory = memoryIsShort;
        wrote = false;
        busy = null;
        protocol = 2;
        crossesSlots = ScriptFlag.ALLOW_CROSS_SLOT_KEYS.isIn(flags) || legacy;
        slot = SlotScan.NONE;
    }

    void end() {
        session = null;
        busy = null;
    }

    boolean isRunning() {
        return session != null;
    }

    Session session() {
        if (session == null) {
            throw new IllegalStateException("no script runs");
        }
        return session;
    }

    /** How messages call the script: its digest, or the function's name. */
    String name() {
        return name;
    }

    /** EVAL and its family, as opposed to FCALL. */
    boolean isEval() {
        return isEval;
    }

    boolean wrote() {
        return wrote;
    }

    /** The protocol in which the script wants replies to its calls. */
    int protocol() {
        return protocol;
    }

    void protocol(int version) {
        protocol = version;
    }

    /** Why the script may not call this command, or null; then the call counts as a write if it may be one. */
    @Nullable
    CommandException refusal(Command command, Request request) {
        if (command.is(Flag.NO_SCRIPT) && !Scripts.of(session().node()).isUnrestricted()) {
            return NOT_FROM_SCRIPT;
        }
        Denial denial = session().denial(command, request, AclLog.Context.SCRIPT, session().database());
        if (denial != null) {
            return CommandException.of(
                    "ERR ACL failure in script: " + denial.message(session().user(), command.fullName()));
        }
        boolean writes = command.is(Flag.WRITE);
        if (readOnly && (writes || command.is(Flag.MAY_REPLICATE))) {
            return READ_ONLY_SCRIPT;
        }
        CommandException cannotWrite = writes ? session().loop().writeRefusal() : null;
        if (cannotWrite != null) {
            return cannotWrite;
        }
        Router router = session().node().router();
        CommandException elsewhere = router == null ? null : elsewhere(router, command, request);
        if (elsewhere != null) {
            return elsewhere;
        }
        if (outOfMemory && !wrote && command.is(Flag.DENY_OOM)) {
            return CommandException.OUT_OF_MEMORY;
        }
        if (writes && !wrote) {
            if (busy != null && !busy.mayWrite()) {
                return KILLED;
            }
            wrote = true;
        }
        return null;
    }

    /** Whether the keys are those of another node, or of another slot than those before. */
    private @Nullable CommandException elsewhere(Router router, Command command, Request request) {
        CommandException refusal = router.refusalInScript(session(), command, request);
        int its = session().loop().slotScan().slot();
        if (refusal != null || crossesSlots || its == SlotScan.NONE) {
            return refusal;
        }
        if (slot == SlotScan.NONE) {
            slot = its;
        }
        return slot == its ? null : SEVERAL_SLOTS;
    }

    /** From now on others may ask for its end. */
    void isBusyAs(BusyScript.Running script) {
        busy = script;
    }
}

package dev.cistern.engine.dispatch;

import dev.cistern.engine.protocol.CommandException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The script of a node that has been running for a while, if one has: who it is, and whether it may be killed.
 *
 * <p>There is one at most, because scripts are open units. Its own loop tells of it as soon as it is no longer a matter of
 * microseconds; any loop reads, and asks for its end.
 */
public final class BusyScript {
    private static final CommandException NOT_BUSY = CommandException.of(
            "NOTBUSY No scripts in execution right now.");
    private static final CommandException UNKILLABLE = CommandException.of(
            "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the "
                    + "script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.");
    private static final CommandException BUSY_SCRIPT = CommandException.of(
            "BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.");
    private static final CommandException BUSY_FUNCTION = CommandException.of(
            "BUSY Valkey is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.");

    /** What a script may still become. */
    private static final int READS_ONLY = 0;
    private static final int WROTE = 1;
    private static final int TO_BE_KILLED = 2;

    /** One script under way. */
    public static final class Running {
        private final String name;
        private final List<byte[]> command;
        private final boolean isEval;
        private final long startNanos;
        private final AtomicInteger fate;

        public Running(String name, List<byte[]> command, boolean isEval, long startNanos, boolean wrote) {
            this.name = name;
            this.command = command;
            this.isEval = isEval;
            this.startNanos = startNanos;
            this.fate = new AtomicInteger(wrote ? WROTE : READS_ONLY);
        }

        public String name() {
            return name;
        }

        /** The arguments of the command that runs it. */
        public List<byte[]> command() {
            return command;
        }

        public boolean isEval() {
            return isEval;
        }

        public long startNanos() {
            return startNanos;
        }

        /** The script is about to write. False: somebody has asked for its end, so it must not. */
        public boolean mayWrite() {
            return fate.get() == WROTE || fate.compareAndSet(READS_ONLY, WROTE);
        }

        public boolean isToBeKilled() {
            return fate.get() == TO_BE_KILLED;
        }
    }

    private volatile @Nullable Running running;
    private volatile boolean ending;

    public @Nullable Running running() {
        return running;
    }

    public void began(Running script) {
        running = script;
    }

    public void ended() {
        running = null;
    }

    /** What is answered to commands that have to wait for its end. */
    public CommandException refusal() {
        Running script = running;
        return script == null || script.isEval ? BUSY_SCRIPT : BUSY_FUNCTION;
    }

    /** SCRIPT KILL and FUNCTION KILL: asks for its end. Throws if there is none, if it wrote, or if it is of the other sort. */
    public void kill(boolean eval) {
        Running script = running;
        if (script == null) {
            throw NOT_BUSY;
        }
        if (script.fate.get() == WROTE) {
            throw UNKILLABLE;
        }
        if (script.isEval != eval) {
            throw refusal();
        }
        if (!script.fate.compareAndSet(READS_ONLY, TO_BE_KILLED) && script.fate.get() == WROTE) {
            throw UNKILLABLE;
        }
    }

    /** The node ends: so does every script, whatever it has done. */
    public void endAll() {
        ending = true;
    }

    public boolean isEnding() {
        return ending;
    }
}

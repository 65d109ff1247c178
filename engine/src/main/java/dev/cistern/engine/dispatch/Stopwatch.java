package dev.cistern.engine.dispatch;

import dev.cistern.engine.protocol.Request;

/**
 * Measures how long commands take, at a price that a command of 200 ns can bear.
 *
 * <p>Reading the clock costs about a tenth of such a command. So commands that take constant time are measured in
 * runs, and a run's time is shared among them; commands that may take long are measured one by one. A run has at most
 * {@value #RUN_LENGTH} commands and no command in it is slow by itself, so a run that took longer than the slow log
 * allows was held up by something else, and its last command is logged in its name. Settings that ask for durations
 * below a millisecond switch to measuring every command by itself. One per node and loop.
 */
final class Stopwatch {
    private static final int RUN_LENGTH = 16;
    private static final int QUICK = Flag.FAST.bit() | Flag.QUICK.bit();
    /** An argument list of this size may take its time in any command. */
    private static final int MANY_ARGUMENTS = 32;
    private static final long NANOS_PER_MICRO = 1_000;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long EXACT_BELOW_NANOS = NANOS_PER_MILLI;

    private final Node node;
    private final Clock clock;
    private final CommandStatistics statistics;
    private final Command[] run = new Command[RUN_LENGTH];
    private int runLength;
    private boolean runIsMixed;
    private long startNanos;

    private boolean everyCommand;
    private boolean histograms;
    private long slowNanos;
    private long spikeNanos;

    Stopwatch(Node node, CommandStatistics statistics) {
        this.node = node;
        this.clock = node.clock();
        this.statistics = statistics;
    }

    /** A turn begins: settings count from here on. Answers the present moment. */
    long beginTurn() {
        long slowMicros = node.settings().slowlogLogSlowerThan.value();
        long spikeMillis = node.settings().latencyMonitorThreshold.value();
        slowNanos = slowMicros < 0 || slowMicros > Long.MAX_VALUE / NANOS_PER_MICRO
                ? Long.MAX_VALUE
                : slowMicros * NANOS_PER_MICRO;
        spikeNanos = spikeMillis == 0 || spikeMillis > Long.MAX_VALUE / NANOS_PER_MILLI
                ? Long.MAX_VALUE
                : spikeMillis * NANOS_PER_MILLI;
        everyCommand = Math.min(slowNanos, spikeNanos) < EXACT_BELOW_NANOS;
        histograms = node.settings().latencyTracking.isOn();
        startNanos = clock.nanos();
        return startNanos;
    }

    /** A command begins. */
    void start(Command command) {
        if (isMeasuredAlone(command) && runLength > 0) {
            endRun();
        }
    }

    private boolean isMeasuredAlone(Command command) {
        return everyCommand || (command.flags() & QUICK) == 0;
    }

    /** The command has ended. */
    void stop(Session session, Command command, Request request) {
        runIsMixed |= runLength > 0 && run[0] != command;
        run[runLength++] = command;
        boolean alone = isMeasuredAlone(command) || request.count() > MANY_ARGUMENTS;
        if (alone || runLength == RUN_LENGTH) {
            report(session, command, request, endRun());
        }
    }

    /** The command that was started runs others: what stands before it is settled. Answers when it began. */
    long enter() {
        if (runLength > 0) {
            endRun();
        }
        return startNanos;
    }

    /** The others are done; the command that ran them began at {@code outerStartNanos}, and their time is its own. */
    void leave(long outerStartNanos) {
        if (runLength > 0) {
            endRun();
        }
        startNanos = outerStartNanos;
    }

    /** The turn ends; the last request is still readable if there was one. */
    void endTurn(Session session, Request request) {
        if (runLength > 0) {
            Command last = run[runLength - 1];
            report(session, last, request, endRun());
        }
    }

    /** Shares the time since the last run's end among the commands of this one, and answers it. */
    private long endRun() {
        long now = clock.nanos();
        long elapsed = now - startNanos;
        startNanos = now;
        if (runIsMixed) {
            for (int i = 0; i < runLength; i++) {
                statistics.ran(run[i], 1, elapsed / runLength, histograms);
            }
        } else {
            statistics.ran(run[0], runLength, elapsed, histograms);
        }
        runLength = 0;
        runIsMixed = false;
        return elapsed;
    }

    private void report(Session session, Command command, Request request, long elapsed) {
        if (elapsed < slowNanos && elapsed < spikeNanos) {
            return;
        }
        long unixSeconds = clock.wallMillis() / 1000;
        // One that waits has not done its work yet: it is told of when it has. One that ended the logging is not.
        boolean isLogging = node.settings().slowlogLogSlowerThan.value() >= 0;
        if (elapsed >= slowNanos && isLogging && !command.is(Flag.SKIP_SLOWLOG) && session.waiter == null) {
            node.slowLog().add(session, command, request, elapsed / NANOS_PER_MICRO, unixSeconds,
                    node.settings().slowlogMaxLen.value());
        }
        if (elapsed >= spikeNanos) {
            node.latency().add(command.is(Flag.FAST) ? "fast-command" : "command", unixSeconds,
                    elapsed / NANOS_PER_MILLI);
        }
    }
}

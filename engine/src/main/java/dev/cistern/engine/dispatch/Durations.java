package dev.cistern.engine.dispatch;

import java.util.ArrayList;
import java.util.List;

/** How long the calls of one command took, over all loops: a picture of one moment. */
public final class Durations {
    private static final double NANOS_PER_MICRO = 1_000;

    private final Command command;
    private final long[] byClass = new long[CommandStatistics.CLASSES];
    private final long calls;

    /** So many calls took at most so long. */
    public record Step(long micros, long calls) {}

    private Durations(Node node, Command command) {
        this.command = command;
        for (NodeLoop loop : node.loops()) {
            loop.statistics().addDurations(command, byClass);
        }
        long sum = 0;
        for (long count : byClass) {
            sum += count;
        }
        calls = sum;
    }

    public static Durations of(Node node, Command command) {
        return new Durations(node, command);
    }

    public Command command() {
        return command;
    }

    public long calls() {
        return calls;
    }

    /** The duration that this share of the calls did not pass. */
    public double percentileMicros(double percent) {
        long wanted = Math.max(1, (long) Math.ceil(calls * percent / 100));
        long seen = 0;
        for (int i = 0; i < byClass.length; i++) {
            seen += byClass[i];
            if (seen >= wanted) {
                return CommandStatistics.upperNanos(i) / NANOS_PER_MICRO;
            }
        }
        return 0;
    }

    /** Cumulative counts at 1, 2, 4… microseconds, without the empty ones in front and behind. */
    public List<Step> stepsByOctave() {
        List<Step> steps = new ArrayList<>();
        long seen = 0;
        int at = 0;
        for (long micros = 1; seen < calls; micros *= 2) {
            while (at < byClass.length && CommandStatistics.upperNanos(at) <= micros * NANOS_PER_MICRO) {
                seen += byClass[at++];
            }
            if (seen > 0) {
                steps.add(new Step(micros, seen));
            }
        }
        return steps;
    }
}

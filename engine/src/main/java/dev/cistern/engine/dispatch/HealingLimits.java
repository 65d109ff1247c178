package dev.cistern.engine.dispatch;

import dev.cistern.engine.settings.Settings;

/**
 * When a store's fragmentation is worth healing, and how much of a core may go into it: the more fragmented, the more,
 * between two ends. Where more is backed than the data may take, half the loss is worth it, and all the work: what is lost
 * then is what the machine was not asked for.
 *
 * @param ignoredBytes    less than this is not worth the work
 * @param lowerPercent    of the used bytes; nor is a smaller share
 * @param upperPercent    from here on it may take the most
 * @param leastPercent    of a core
 * @param mostPercent     of a core
 * @param limitBytes      that the data may take; 0 for no limit
 */
public record HealingLimits(boolean isOn, long ignoredBytes, long lowerPercent, long upperPercent, long leastPercent,
        long mostPercent, long limitBytes) {
    /** What a node without such settings does, and one with them by default, where the data may take so many bytes. */
    public static HealingLimits usual(long limitBytes) {
        return new HealingLimits(true, 4L << 20, 10, 100, 1, 10, limitBytes);
    }

    static HealingLimits of(Settings settings) {
        return new HealingLimits(settings.activeDefrag.isOn(), settings.activeDefragIgnoreBytes.value(),
                settings.activeDefragThresholdLower.value(), settings.activeDefragThresholdUpper.value(),
                settings.activeDefragCycleMin.value(), settings.activeDefragCycleMax.value(),
                settings.maxMemory.value());
    }

    /** Whether so many bytes, backed but not used, are worth healing. */
    boolean areWorthIt(long wastedBytes, long usedBytes) {
        double percent = isPressing(wastedBytes, usedBytes) ? lowerPercent / 2.0 : lowerPercent;
        return isOn && wastedBytes > ignoredBytes && 100.0 * wastedBytes > percent * usedBytes;
    }

    private boolean isPressing(long wastedBytes, long usedBytes) {
        return limitBytes > 0 && usedBytes + wastedBytes > limitBytes;
    }

    /** The share of a core that healing may take now. */
    double sharePercent(long wastedBytes, long usedBytes) {
        if (isPressing(wastedBytes, usedBytes)) {
            return Math.max(leastPercent, mostPercent);
        }
        double percent = 100.0 * wastedBytes / Math.max(1, usedBytes);
        double position = (percent - lowerPercent) / Math.max(1, upperPercent - lowerPercent);
        long most = Math.max(leastPercent, mostPercent);
        return leastPercent + Math.clamp(position, 0.0, 1.0) * (most - leastPercent);
    }
}

package dev.cistern.engine.dispatch;

import dev.cistern.engine.settings.Settings;

/**
 * When a store's fragmentation is worth healing, and how much of a core may go into it: the more fragmented, the more,
 * between two ends.
 *
 * @param ignoredBytes    less than this is not worth the work
 * @param lowerPercent    of the used bytes; nor is a smaller share
 * @param upperPercent    from here on it may take the most
 * @param leastPercent    of a core
 * @param mostPercent     of a core
 */
public record HealingLimits(boolean isOn, long ignoredBytes, long lowerPercent, long upperPercent, long leastPercent,
        long mostPercent) {
    /** What a node without such settings does, and one with them by default. */
    public static final HealingLimits USUAL = new HealingLimits(true, 16L << 20, 10, 100, 1, 10);

    static HealingLimits of(Settings settings) {
        return new HealingLimits(settings.activeDefrag.isOn(), settings.activeDefragIgnoreBytes.value(),
                settings.activeDefragThresholdLower.value(), settings.activeDefragThresholdUpper.value(),
                settings.activeDefragCycleMin.value(), settings.activeDefragCycleMax.value());
    }

    /** Whether so many bytes, backed but not used, are worth healing. */
    boolean areWorthIt(long wastedBytes, long usedBytes) {
        return isOn && wastedBytes > ignoredBytes && 100.0 * wastedBytes > (double) lowerPercent * usedBytes;
    }

    /** The share of a core that healing may take now. */
    double sharePercent(long wastedBytes, long usedBytes) {
        double percent = 100.0 * wastedBytes / Math.max(1, usedBytes);
        double position = (percent - lowerPercent) / Math.max(1, upperPercent - lowerPercent);
        long most = Math.max(leastPercent, mostPercent);
        return leastPercent + Math.clamp(position, 0.0, 1.0) * (most - leastPercent);
    }
}

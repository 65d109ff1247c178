package dev.cistern.store;

/** Which keys may go when memory is short, and which of them goes first; with the original's names. */
public enum EvictionPolicy {
    /** None: commands that need memory are refused. */
    NO_EVICTION("noeviction", Measure.NOTHING, false),
    /** The one whose last use is longest ago. */
    ALLKEYS_LRU("allkeys-lru", Measure.RECENCY, false),
    /** The one that is used least often. */
    ALLKEYS_LFU("allkeys-lfu", Measure.FREQUENCY, false),
    /** Any. */
    ALLKEYS_RANDOM("allkeys-random", Measure.CHANCE, false),
    /** Among those with a deadline, the one whose last use is longest ago. */
    VOLATILE_LRU("volatile-lru", Measure.RECENCY, true),
    /** Among those with a deadline, the one that is used least often. */
    VOLATILE_LFU("volatile-lfu", Measure.FREQUENCY, true),
    /** Any of those with a deadline. */
    VOLATILE_RANDOM("volatile-random", Measure.CHANCE, true),
    /** The one that expires first. */
    VOLATILE_TTL("volatile-ttl", Measure.DEADLINE, true);

    /** What makes one key a better victim than another. */
    enum Measure {
        NOTHING, RECENCY, FREQUENCY, CHANCE, DEADLINE
    }

    private final String policyName;
    private final Measure measure;
    private final boolean volatileOnly;

    EvictionPolicy(String policyName, Measure measure, boolean volatileOnly) {
        this.policyName = policyName;
        this.measure = measure;
        this.volatileOnly = volatileOnly;
    }

    /** The word of {@code maxmemory-policy}. */
    public String policyName() {
        return policyName;
    }

    /** The policy of this name, which must be one. */
    public static EvictionPolicy named(String name) {
        for (EvictionPolicy policy : values()) {
            if (policy.policyName.equals(name)) {
                return policy;
            }
        }
        throw new IllegalArgumentException("no eviction policy: " + name);
    }

    /** Whether it needs entries to count their uses instead of noting the last one ({@link Store#setUseCounting}). */
    public boolean countsUses() {
        return measure == Measure.FREQUENCY;
    }

    Measure measure() {
        return measure;
    }

    /** Whether only keys with a deadline may go. */
    boolean isVolatileOnly() {
        return volatileOnly;
    }
}

package dev.cistern.engine.scripting;

import org.jspecify.annotations.Nullable;

/** What a script says of itself in its first line, or a function when it is registered. A set of them is an int of bits. */
enum ScriptFlag {
    /** Only reads, so it runs where nothing may be written. */
    NO_WRITES("no-writes"),
    /** Runs even when memory is short. */
    ALLOW_OOM("allow-oom"),
    /** Runs on a replica that lost its primary. */
    ALLOW_STALE("allow-stale"),
    /** Does not run in a cluster. */
    NO_CLUSTER("no-cluster"),
    /** Touches keys of several slots. */
    ALLOW_CROSS_SLOT_KEYS("allow-cross-slot-keys"),
    /** Says nothing: a script without a first line of that kind, judged by what it does. Never told. */
    LEGACY("");

    private final String text;

    ScriptFlag(String text) {
        this.text = text;
    }

    String text() {
        return text;
    }

    /** Lives in memory only, so it may change with the order above. */
    @SuppressWarnings("EnumOrdinal")
    int bit() {
        return 1 << ordinal();
    }

    boolean isIn(int bits) {
        return (bits & bit()) != 0;
    }

    /** The flag that a script names so, or null. */
    static @Nullable ScriptFlag named(String text) {
        for (ScriptFlag flag : values()) {
            if (flag != LEGACY && flag.text.equals(text)) {
                return flag;
            }
        }
        return null;
    }
}

package dev.cistern.engine.memcached;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which of ElastiCache's parameters for Memcached change nothing here, and why. They are accepted all the same, those that
 * the original shows in {@code stats settings} are shown there, and every other parameter acts.
 */
public final class IdleParameters {
    private static final String MOVES_BY_ITSELF = "memory goes from one size of items to another by itself";
    private static final String ABOUT_THE_PROCESS = "about the process, which is not the node's alone";
    private static final String SUM_OF_OTHERS = "each setting that it stands for is a parameter of its own";

    private static final Map<String, String> REASONS = Map.ofEntries(
            Map.entry("default_tls", "encryption is the cluster's choice"),
            Map.entry("hash_algorithm", "keys have one hash, with a seed of the node's own"),
            Map.entry("hashpower_init", "the index grows bucket by bucket from any size"),
            Map.entry("inline_ascii_resp", "items hold no text of replies"),
            Map.entry("large_memory_pages", ABOUT_THE_PROCESS),
            Map.entry("lock_down_paged_memory", ABOUT_THE_PROCESS),
            Map.entry("maximize_core_file_limit", ABOUT_THE_PROCESS),
            Map.entry("modern", SUM_OF_OTHERS),
            Map.entry("no_modern", SUM_OF_OTHERS),
            Map.entry("num_threads", "the nodes of a process share its event loops, one for each core"),
            Map.entry("requests_per_event", "a client's turn is bounded by its replies and at 256 requests"),
            Map.entry("slab_automove", MOVES_BY_ITSELF),
            Map.entry("slab_reassign", MOVES_BY_ITSELF),
            Map.entry("worker_logbuf_size", "what watchers are told waits nowhere on its way to them"));

    private IdleParameters() {}

    static boolean isIdle(String parameter) {
        return REASONS.containsKey(parameter);
    }

    /** Why the parameter changes nothing; null for one that acts. */
    public static @Nullable String reason(String parameter) {
        return REASONS.get(parameter);
    }
}

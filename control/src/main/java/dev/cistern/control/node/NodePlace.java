package dev.cistern.control.node;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where a node stands among others, as it says itself.
 *
 * @param primary   whom it follows; null when it is a primary
 * @param isLinked  whether what its primary writes comes
 * @param silentSeconds  since anything came from its primary; -1 when it has none or no link to it
 * @param offset    how far it is in the history of writes
 * @param replicas  who follows it and has caught up, by the addresses that it knows them by
 * @param history   whose writes those are; empty for none
 * @param formerHistory  the one that this one begins as
 */
public record NodePlace(@Nullable NodeAddress primary, boolean isLinked, int silentSeconds, long offset,
        List<NodeAddress> replicas, String history, String formerHistory) {
    public NodePlace {
        replicas = List.copyOf(replicas);
    }

    public boolean isPrimary() {
        return primary == null;
    }

    /** Whether it has something that another node could follow. */
    public boolean hasData() {
        return !history.isEmpty();
    }

    public Lineage lineage() {
        return new Lineage(history, offset, formerHistory,
                silentSeconds < 0 ? -1 : TimeUnit.SECONDS.toMillis(silentSeconds));
    }

    /** From the facts of INFO. */
    static NodePlace parse(Map<String, String> facts) {
        boolean isPrimary = !"slave".equals(facts.get("role"));
        NodeAddress primary = isPrimary
                ? null
                : new NodeAddress(facts.getOrDefault("master_host", ""), number(facts.get("master_port")));
        return new NodePlace(primary, "up".equals(facts.get("master_link_status")),
                Integer.parseInt(facts.getOrDefault("master_last_io_seconds_ago", "-1")),
                Long.parseLong(facts.getOrDefault(isPrimary ? "master_repl_offset" : "slave_repl_offset", "0")),
                replicas(facts), history(facts, "master_replid"), history(facts, "master_replid2"));
    }

    /** A server has a name for one also before it has anything of it. */
    private static String history(Map<String, String> facts, String name) {
        return "1".equals(facts.get("repl_backlog_active")) ? facts.getOrDefault(name, "") : "";
    }

    private static List<NodeAddress> replicas(Map<String, String> facts) {
        List<NodeAddress> replicas = new ArrayList<>();
        int number = 0;
        for (String line = facts.get("slave0"); line != null; line = facts.get("slave" + ++number)) {
            Map<String, String> words = new HashMap<>();
            for (String word : line.split(",", -1)) {
                int equals = word.indexOf('=');
                words.put(word.substring(0, Math.max(0, equals)), word.substring(equals + 1));
            }
            if ("online".equals(words.get("state"))) {
                replicas.add(new NodeAddress(words.getOrDefault("ip", ""), number(words.get("port"))));
            }
        }
        return replicas;
    }

    private static int number(@Nullable String text) {
        return text == null ? 0 : Integer.parseInt(text);
    }
}

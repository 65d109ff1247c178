package dev.cistern.control.node;

import java.util.Map;

/**
 * What a node that takes orders says of itself: more than {@link NodePlace}, which any server tells.
 *
 * @param epoch           the highest that it has obeyed; 0 as long as there was no order
 * @param clockMillis     its monotonic clock, from which leases count
 * @param leaseMillis     for how long it may write yet; 0 and below for not any more
 * @param isPrimary       whether it is a primary; whether it may write is its lease's
 * @param primary         whom it follows, as {@code host:port}; empty for a primary
 * @param isLinked        whether what its primary writes comes
 * @param silentMillis    since anything came from a primary, also over a link that is gone; -1 for never
 * @param isLoading       whether it has no whole copy yet
 * @param history         whose writes it has; empty for none
 * @param offset          how far it is in them; -1 for not at all
 * @param formerHistory   the one before it was promoted
 * @param formerEnd       up to where it had that one
 * @param divergent       what became of writes that the others went on without; empty for none
 */
public record NodeStanding(long epoch, long clockMillis, long leaseMillis, boolean isPrimary, String primary,
        boolean isLinked, long silentMillis, boolean isLoading, String history, long offset, String formerHistory,
        long formerEnd,
        String divergent) {

    static NodeStanding of(Map<String, String> facts) {
        return new NodeStanding(number(facts, "epoch"), number(facts, "clock"), number(facts, "lease"),
                "primary".equals(facts.get("role")),
                word(facts, "follows"), "up".equals(facts.get("link")), number(facts, "silent"),
                "1".equals(facts.get("loading")), word(facts, "history"), number(facts, "offset"),
                word(facts, "former-history"), number(facts, "former-end"), word(facts, "divergent"));
    }

    /** Whether it has something that another node could follow. */
    public boolean hasData() {
        return !isLoading && !history.isEmpty() && offset >= 0;
    }

    public Lineage lineage() {
        return new Lineage(history, offset, formerHistory, silentMillis);
    }

    private static String word(Map<String, String> facts, String name) {
        return facts.getOrDefault(name, "");
    }

    private static long number(Map<String, String> facts, String name) {
        return Long.parseLong(facts.getOrDefault(name, "-1"));
    }
}

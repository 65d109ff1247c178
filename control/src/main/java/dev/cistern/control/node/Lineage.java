package dev.cistern.control.node;

/**
 * Whose writes a node has, and how far: of two nodes it tells which one has the later ones.
 *
 * <p>Offsets count within one history. A primary that takes another one's place goes on with a history of its own, which
 * begins as the former one; a primary that began empty has one that has nothing to do with any other.
 *
 * @param history        empty for none
 * @param offset         how far it is in it
 * @param formerHistory  the one that this one begins as; empty for none
 * @param silentMillis   since anything came from a primary; -1 for never
 */
public record Lineage(String history, long offset, String formerHistory, long silentMillis) {

    /**
     * Whether this one has later writes than the other one, or more of the same.
     *
     * @param known  the history in which the node group's primary was last seen writing; empty if none was
     */
    public boolean isAheadOf(Lineage other, String known) {
        if (history.equals(other.history)) {
            return offset > other.offset;
        }
        if (goesOnFrom(other) != other.goesOnFrom(this)) {
            return goesOnFrom(other);
        }
        if (nearness(known) != other.nearness(known)) {
            return nearness(known) > other.nearness(known);
        }
        // Nobody knows which is the later one; the one that has just heard of a primary may be.
        return heard() == other.heard() ? offset > other.offset : heard() < other.heard();
    }

    private boolean goesOnFrom(Lineage other) {
        return formerHistory.equals(other.history);
    }

    private int nearness(String known) {
        return history.equals(known) ? 2 : formerHistory.equals(known) ? 1 : 0;
    }

    private long heard() {
        return silentMillis < 0 ? Long.MAX_VALUE : silentMillis;
    }
}

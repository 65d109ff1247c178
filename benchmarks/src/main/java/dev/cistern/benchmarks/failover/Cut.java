package dev.cistern.benchmarks.failover;

import java.io.IOException;
import java.util.Locale;

/** Which links of a primary are cut: node 0, its replicas 1 and 2, and the control plane. */
enum Cut {

    /** All of them; only the client beside it is left. */
    ISOLATED("the primary, from all"),

    /** The one to the control plane. */
    CONTROL("the control plane, from the primary"),

    /** Those of the control plane to the primary and one replica. */
    HALF("the control plane, from two of three"),

    /** What it sends is lost, what it is sent comes. */
    OUTBOUND("what the primary sends"),

    /** The other way round. */
    INBOUND("what the primary is sent"),

    /** All of them, for a second, every other second. */
    FLAPPING("the primary, every other second");

    private final String title;

    Cut(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Cuts them, or joins them again. */
    void apply(Networks networks, boolean isCut) throws IOException, InterruptedException {
        boolean isOut = this != INBOUND;
        boolean isIn = this != OUTBOUND;
        boolean hasReplicas = this != CONTROL && this != HALF;
        for (int other = Networks.CONTROL; other < (hasReplicas ? 3 : 0); other++) {
            if (other == 0) {
                continue;
            }
            if (isOut) {
                networks.cut(0, other, isCut);
            }
            if (isIn) {
                networks.cut(other, 0, isCut);
            }
        }
        if (this == HALF) {
            networks.cut(1, Networks.CONTROL, isCut);
            networks.cut(Networks.CONTROL, 1, isCut);
        }
    }
}

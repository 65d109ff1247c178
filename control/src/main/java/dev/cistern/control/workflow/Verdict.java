package dev.cistern.control.workflow;

import dev.cistern.control.node.NodePlace;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is to be done about a primary that is away or silent, by what is known of it. */
enum Verdict {

    /** It is well, or it is too early to say. */
    WAIT,

    /** It is lost: a replica takes its place. */
    FAIL_OVER,

    /** It is out of the control plane's sight alone, its replicas hear from it; nothing is done. */
    ALARM,

    /** So many nodes are out of sight that the control plane itself may be; nothing is done. */
    HOLD,

    /** It alone has the data, as far as anybody answers; nothing is done, since it may go on. */
    SPARE;

    /** A primary writes to its replicas once a second at least. */
    static final int REPLICA_SILENT_SECONDS = 2;

    static final long SUSPICIOUS_MILLIS = 1_500;
    static final long BETWEEN_MILLIS = 60_000;

    /**
     * What is known.
     *
     * @param hasEnded      whether the runtime knows that it does not run: that needs no second opinion
     * @param silentMillis  since it last answered
     * @param replicas      what its replicas say of themselves; null for one that does not answer
     * @param lost          how many nodes are out of sight, of all that were asked
     * @param asked         how many were asked
     * @param sinceMillis   since the node group was last failed over without being asked
     */
    record Facts(boolean hasEnded, long silentMillis, List<@Nullable NodePlace> replicas, int lost, int asked,
            long sinceMillis) {

        /** Whether more than half of the nodes are out of sight. */
        boolean isMostLost() {
            return 2 * lost > asked;
        }
    }

    static Verdict of(Facts facts) {
        boolean anybodyHas = facts.replicas.stream().anyMatch(place -> place != null && place.hasData());
        if (facts.hasEnded) {
            return anybodyHas ? FAIL_OVER : WAIT;
        }
        boolean anybodyAnswers = facts.replicas.stream().anyMatch(place -> place != null);
        if (facts.silentMillis < SUSPICIOUS_MILLIS || !anybodyAnswers) {
            return WAIT;
        }
        if (facts.isMostLost()) {
            return HOLD;
        }
        if (facts.replicas.stream().anyMatch(Verdict::hears)) {
            return ALARM;
        }
        if (!anybodyHas) {
            return SPARE;
        }
        return facts.sinceMillis < BETWEEN_MILLIS ? HOLD : FAIL_OVER;
    }

    private static boolean hears(@Nullable NodePlace place) {
        return place != null && place.isLinked() && place.silentSeconds() < REPLICA_SILENT_SECONDS;
    }
}

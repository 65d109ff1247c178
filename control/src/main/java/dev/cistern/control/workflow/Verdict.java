package dev.cistern.control.workflow;

import dev.cistern.control.node.NodePlace;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What is to be done about a primary that is away or silent, by what is known of it. */
enum Verdict {

    /** It is well, or it is too early to say. */
    WAIT,

    /** It is lost: a replica takes its place. */
    FAIL_OVER,

    /** It is out of the control plane's sight alone, its replicas hear from it; nothing is done. */
    ALARM,

    /** The control plane itself may be out of sight, or it was failed over a moment ago; nothing is done. */
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

        private boolean anybodyAnswers() {
            return replicas.stream().anyMatch(place -> place != null);
        }

        /** Why nothing is done, by that verdict. */
        String why(Verdict verdict) {
            return switch (verdict) {
                case ALARM -> "its replicas hear from it";
                case SPARE -> "no replica has what it wrote";
                default -> whyHeld();
            };
        }

        private String whyHeld() {
            if (isMostLost()) {
                return lost + " of " + asked + " nodes are silent";
            }
            return anybodyAnswers()
                    ? "it was failed over " + TimeUnit.MILLISECONDS.toSeconds(sinceMillis) + " seconds ago"
                    : "no replica answers either";
        }
    }

    static Verdict of(Facts facts) {
        boolean anybodyHas = facts.replicas.stream().anyMatch(place -> place != null && place.hasData());
        if (facts.hasEnded) {
            return anybodyHas ? FAIL_OVER : WAIT;
        }
        if (facts.silentMillis < SUSPICIOUS_MILLIS) {
            return WAIT;
        }
        if (facts.isMostLost() || !facts.anybodyAnswers()) {
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

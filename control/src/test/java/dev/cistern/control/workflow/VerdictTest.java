package dev.cistern.control.workflow;

import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodePlace;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What is done about primaries that are away or silent. */
final class VerdictTest {
    private static final long LONG_AGO = Verdict.BETWEEN_MILLIS;
    private static final String HISTORY = "a history";
    private static final NodePlace HAS_NOTHING = new NodePlace(new NodeAddress("127.0.0.1", 1), false, -1, 0, List.of(),
            "", "");
    private static final NodePlace HEARS = place(true, 1);
    private static final NodePlace HEARS_NOTHING = place(true, Verdict.REPLICA_SILENT_SECONDS);
    private static final NodePlace HAS_NO_LINK = place(false, -1);

    private static NodePlace place(boolean isLinked, int silentSeconds) {
        return new NodePlace(new NodeAddress("127.0.0.1", 1), isLinked, silentSeconds, 7, List.of(), HISTORY, "");
    }

    private static List<@Nullable NodePlace> replicas(@Nullable NodePlace... places) {
        List<@Nullable NodePlace> all = new ArrayList<>();
        for (NodePlace place : places) {
            all.add(place);
        }
        return all;
    }

    private static Verdict silent(long millis, List<@Nullable NodePlace> replicas) {
        return Verdict.of(new Verdict.Facts(false, millis, replicas, 1, 1 + replicas.size(), LONG_AGO));
    }

    @Test
    void theEndOfAPrimaryNeedsNoSecondOpinionButAReplica() {
        assertThat(Verdict.of(new Verdict.Facts(true, 0, replicas(HEARS), 0, 0, 0))).isEqualTo(Verdict.FAIL_OVER);
        assertThat(Verdict.of(new Verdict.Facts(true, 0, replicas(new NodePlace[]{null}), 0, 0, 0)))
                .isEqualTo(Verdict.WAIT);
        assertThat(Verdict.of(new Verdict.Facts(true, 0, replicas(), 0, 0, 0))).isEqualTo(Verdict.WAIT);
    }

    @Test
    void aSilentPrimaryIsLostWhenNoReplicaHearsFromIt() {
        assertThat(silent(Verdict.SUSPICIOUS_MILLIS - 1, replicas(HAS_NO_LINK))).isEqualTo(Verdict.WAIT);
        assertThat(silent(Verdict.SUSPICIOUS_MILLIS, replicas(HAS_NO_LINK))).isEqualTo(Verdict.FAIL_OVER);
        assertThat(silent(Verdict.SUSPICIOUS_MILLIS, replicas(HEARS_NOTHING, HAS_NO_LINK)))
                .isEqualTo(Verdict.FAIL_OVER);
        assertThat(silent(Verdict.SUSPICIOUS_MILLIS, replicas(HEARS_NOTHING, HEARS))).isEqualTo(Verdict.ALARM);
        assertThat(silent(Verdict.SUSPICIOUS_MILLIS, replicas(HEARS_NOTHING, null))).isEqualTo(Verdict.FAIL_OVER);
    }

    @Test
    void onlyWhoHasTheDataTakesItsPlace() {
        assertThat(silent(Verdict.SUSPICIOUS_MILLIS, replicas(HAS_NOTHING))).isEqualTo(Verdict.SPARE);
        assertThat(silent(Verdict.SUSPICIOUS_MILLIS, replicas(HAS_NOTHING, null))).isEqualTo(Verdict.SPARE);
        assertThat(silent(Verdict.SUSPICIOUS_MILLIS, replicas(HAS_NOTHING, HAS_NO_LINK))).isEqualTo(Verdict.FAIL_OVER);
        assertThat(Verdict.of(new Verdict.Facts(true, 0, replicas(HAS_NOTHING), 0, 0, 0))).isEqualTo(Verdict.WAIT);
    }

    @Test
    void whoSeesNobodyDoesNothing() {
        assertThat(silent(Verdict.SUSPICIOUS_MILLIS - 1, replicas(null, null))).isEqualTo(Verdict.WAIT);
        assertThat(silent(1_000_000, replicas(null, null))).isEqualTo(Verdict.HOLD);
        assertThat(Verdict.of(new Verdict.Facts(false, 1_000_000, replicas(HAS_NO_LINK), 6, 11, LONG_AGO)))
                .isEqualTo(Verdict.HOLD);
        assertThat(Verdict.of(new Verdict.Facts(false, 1_000_000, replicas(HAS_NO_LINK), 5, 10, LONG_AGO)))
                .isEqualTo(Verdict.FAIL_OVER);
    }

    @Test
    void oneThatIsSilentAgainTooSoonIsLeftForAWhile() {
        assertThat(Verdict.of(new Verdict.Facts(false, 1_000_000, replicas(HAS_NO_LINK), 1, 2, LONG_AGO - 1)))
                .isEqualTo(Verdict.HOLD);
    }

    @Test
    void whyNothingIsDoneIsTold() {
        assertThat(why(Verdict.ALARM, 1, 3, HEARS)).isEqualTo("its replicas hear from it");
        assertThat(why(Verdict.SPARE, 1, 3, HAS_NOTHING)).isEqualTo("no replica has what it wrote");
        assertThat(why(Verdict.HOLD, 2, 3, HAS_NO_LINK)).isEqualTo("2 of 3 nodes are silent");
        assertThat(why(Verdict.HOLD, 1, 3, HAS_NO_LINK)).isEqualTo("it was failed over 59 seconds ago");
        assertThat(why(Verdict.HOLD, 2, 9, null)).isEqualTo("no replica answers either");
    }

    private static String why(Verdict verdict, int lost, int asked, @Nullable NodePlace replica) {
        Verdict.Facts facts = new Verdict.Facts(false, 1_000_000, replicas(new NodePlace[]{replica}), lost, asked,
                verdict == Verdict.HOLD ? LONG_AGO - 1 : LONG_AGO);
        assertThat(Verdict.of(facts)).isEqualTo(verdict);
        return facts.why(verdict);
    }
}

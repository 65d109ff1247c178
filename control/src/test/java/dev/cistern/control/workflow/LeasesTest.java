package dev.cistern.control.workflow;

import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** When a lease that was given is certainly over. */
final class LeasesTest {

    private static final String NODE = "n";

    private long nowNanos = Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(2);
    private final Leases leases = new Leases(() -> nowNanos);

    private void pass(long millis) {
        nowNanos += TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** Gives a lease to a node that is told so at once. */
    private boolean give(long epoch) {
        return leases.isNoted(NODE, epoch);
    }

    @Test
    void itIsOverATenthLaterThanTheNodeThinks() {
        pass(60_000);
        assertThat(give(1)).isTrue();
        leases.refuseBelow(NODE, 2);
        leases.hasLostReplica(NODE, 10_000);
        pass(Leases.MILLIS + Leases.MILLIS / 10);
        assertThat(leases.isOver(NODE)).isFalse();
        pass(1);
        assertThat(leases.isOver(NODE)).isTrue();
    }

    @Test
    void aPlanThatIsOverGivesNone() {
        leases.refuseBelow(NODE, 2);
        assertThat(give(1)).isFalse();
        assertThat(give(2)).isTrue();
    }

    /** What the control plane before had given is not known: it may have been a moment ago. */
    @Test
    void whatWasGivenBeforeCountsFromTheBeginning() {
        leases.refuseBelow(NODE, 2);
        leases.hasLostReplica(NODE, 60_000);
        pass(Leases.MILLIS);
        assertThat(leases.isOver(NODE)).isFalse();
        pass(Leases.MILLIS / 10 + 1);
        assertThat(leases.isOver(NODE)).isTrue();
    }

    /** All replicas keep a lease going, or none: the one that heard from it longest ago decides. */
    @Test
    void replicasMayHaveKeptItGoing() {
        pass(60_000);
        leases.refuseBelow(NODE, 2);
        leases.hasLostReplica(NODE, 0);
        pass(1_000);
        assertThat(leases.isOver(NODE)).isFalse();
        leases.hasLostReplica(NODE, 2_000);
        pass(1_300);
        assertThat(leases.isOver(NODE)).isFalse();
        pass(1);
        assertThat(leases.isOver(NODE)).isTrue();
    }

    @Test
    void anotherEpochAsksTheReplicasAnew() {
        pass(60_000);
        leases.refuseBelow(NODE, 2);
        leases.hasLostReplica(NODE, 0);
        pass(60_000);
        assertThat(give(2)).isTrue();
        leases.refuseBelow(NODE, 3);
        leases.hasLostReplica(NODE, 100);
        pass(Leases.MILLIS + Leases.MILLIS / 10 - 50);
        assertThat(leases.isOver(NODE)).isFalse();
        leases.retain(Set.of());
        assertThat(give(1)).isTrue();
    }
}

package dev.cistern.control.node;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Which of two nodes has the later writes. */
final class LineageTest {

    private static final String NONE = "0".repeat(40);

    private static void isAhead(Lineage one, Lineage other, String known) {
        assertThat(one.isAheadOf(other, known)).isTrue();
        assertThat(other.isAheadOf(one, known)).isFalse();
    }

    @Test
    void offsetsCountWithinOneHistory() {
        isAhead(new Lineage("b", 8, "a", -1), new Lineage("b", 7, NONE, 0), "");
        Lineage one = new Lineage("b", 7, NONE, 5);
        assertThat(one.isAheadOf(one, "b")).isFalse();
    }

    @Test
    void whatGoesOnFromAnotherOneIsLater() {
        isAhead(new Lineage("b", 7, "a", 900), new Lineage("a", 1_000, NONE, 0), "a");
    }

    @Test
    void anUnrelatedOneIsOlderThanTheOneThatWasLastSeen() {
        isAhead(new Lineage("c", 7, NONE, -1), new Lineage("a", 1_000, NONE, 0), "c");
        isAhead(new Lineage("d", 7, "c", -1), new Lineage("b", 1_000, "a", 0), "c");
        isAhead(new Lineage("c", 7, "b", -1), new Lineage("d", 1_000, NONE, 0), "c");
    }

    @Test
    void whereNoneIsKnownWhoHasJustHeardIsLater() {
        isAhead(new Lineage("a", 7, NONE, 10), new Lineage("b", 1_000, NONE, 11), "");
        isAhead(new Lineage("a", 7, NONE, 10), new Lineage("b", 1_000, NONE, -1), "c");
        isAhead(new Lineage("a", 8, NONE, 10), new Lineage("b", 7, NONE, 10), "");
    }
}

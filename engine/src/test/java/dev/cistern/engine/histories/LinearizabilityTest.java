package dev.cistern.engine.histories;

import dev.cistern.engine.testing.WireReply;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The checker finds what is wrong, and nothing else. */
final class LinearizabilityTest {

    private static Operation operation(long called, long returned, WireReply reply, String... command) {
        return new Operation(List.of(List.of(command)), List.of(reply), called, returned);
    }

    private static Operation set(long called, long returned, String value) {
        return operation(called, returned, WireReply.ok(), "SET", "k", value);
    }

    private static Operation get(long called, long returned, String value) {
        return operation(called, returned, value.isEmpty() ? WireReply.nil() : WireReply.bulk(value), "GET", "k");
    }

    @Test
    void aReadMayFallOnEitherSideOfAWriteBesideIt() {
        assertThat(Linearizability.holds(List.of(set(0, 10, "a"), get(1, 2, ""), get(3, 4, "a")))).isTrue();
        assertThat(Linearizability.holds(List.of(set(0, 10, "a"), get(1, 5, "a"), get(2, 6, "")))).isTrue();
    }

    @Test
    void aStaleReadIsFound() {
        assertThat(Linearizability.holds(List.of(set(0, 1, "a"), get(2, 3, "")))).isFalse();
        assertThat(Linearizability.holds(List.of(set(0, 10, "a"), get(1, 2, "a"), get(3, 4, "")))).isFalse();
    }

    @Test
    void aLostUpdateIsFound() {
        Operation one = operation(0, 10, WireReply.integer(1), "INCRBY", "n", "1");
        Operation other = operation(0, 10, WireReply.integer(1), "INCRBY", "n", "1");
        assertThat(Linearizability.holds(List.of(one, other))).isFalse();
    }

    @Test
    void whatWasHadTwiceIsFound() {
        Operation push = operation(0, 1, WireReply.integer(1), "RPUSH", "q", "a");
        Operation one = operation(0, 5, WireReply.array("q", "a"), "BLPOP", "q", "1");
        Operation other = operation(0, 5, WireReply.array("q", "a"), "BLPOP", "q", "1");
        Operation none = operation(0, 5, WireReply.nilArray(), "BLPOP", "q", "1");
        assertThat(Linearizability.holds(List.of(push, one, none))).isTrue();
        assertThat(Linearizability.holds(List.of(push, one, other))).isFalse();
    }

    @Test
    void aTransactionThatWasSeenHalfIsFound() {
        Operation both = new Operation(List.of(List.of("SET", "a", "1"), List.of("SET", "b", "1")),
                List.of(WireReply.ok(), WireReply.ok()), 0, 10);
        Operation half = operation(1, 9, WireReply.array("1", null), "MGET", "a", "b");
        Operation whole = operation(1, 9, WireReply.array("1", "1"), "MGET", "a", "b");
        assertThat(Linearizability.holds(List.of(both, half))).isFalse();
        assertThat(Linearizability.holds(List.of(both, whole))).isTrue();
    }

    /** Histories made from an order that is known, with spans blown up around it, always hold; with one reply changed, not. */
    @Test
    void everyHistoryMadeInOrderHolds() {
        for (int round = 0; round < 200; round++) {
            Random random = new Random(round);
            List<Operation> history = new ArrayList<>();
            long sum = 0;
            for (int i = 0; i < 60; i++) {
                sum++;
                history.add(operation(i * 10L - random.nextInt(60), i * 10L + 1 + random.nextInt(60),
                        WireReply.integer(sum), "INCRBY", "n", "1"));
            }
            Collections.shuffle(history, random);
            assertThat(Linearizability.holds(history)).isTrue();
            Operation last = history.removeLast();
            history.add(new Operation(last.commands(), List.of(WireReply.integer(sum + 5)), last.calledNanos(),
                    last.returnedNanos()));
            assertThat(Linearizability.holds(history)).isFalse();
        }
    }
}

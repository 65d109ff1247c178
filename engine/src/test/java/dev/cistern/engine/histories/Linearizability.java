package dev.cistern.engine.histories;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks for an order of operations that explains all their replies, and in which none comes before one that had returned
 * when it was called.
 *
 * <p>The search of Wing and Gong ("Testing and Verifying Concurrent Objects", 1993) with Lowe's memory of what was tried:
 * whoever is called may be next, until somebody returns who was not. The same set of operations leading to the same
 * content is followed once. One thread.
 */
final class Linearizability {

    /** A call or a return, in a list that operations leave when their place is found, and come back to. */
    private static final class Event {
        private final int number;
        private final Operation operation;
        private final @Nullable Event itsReturn;
        private Event before = this;
        private Event behind = this;

        Event(int number, Operation operation, @Nullable Event itsReturn) {
            this.number = number;
            this.operation = operation;
            this.itsReturn = itsReturn;
        }

        long nanos() {
            return itsReturn == null ? operation.returnedNanos() : operation.calledNanos();
        }

        void unlink() {
            before.behind = behind;
            behind.before = before;
        }

        void link() {
            before.behind = this;
            behind.before = this;
        }
    }

    private record Step(Event call, Keys before) {}

    private record Tried(BitSet placed, Keys content) {}

    private Linearizability() {}

    /** Whether there is such an order, beginning with nothing. */
    static boolean holds(List<Operation> history) {
        Event head = events(history);
        Deque<Step> steps = new ArrayDeque<>();
        Set<Tried> tried = new HashSet<>();
        BitSet placed = new BitSet();
        Keys content = Keys.NONE;
        Event at = head.behind;
        while (head.behind != head) {
            if (at.itsReturn != null) {
                Keys after = content.after(at.operation);
                placed.set(at.number);
                if (after != null && tried.add(new Tried((BitSet) placed.clone(), after))) {
                    steps.push(new Step(at, content));
                    content = after;
                    at.itsReturn.unlink();
                    at.unlink();
                    at = head.behind;
                } else {
                    placed.clear(at.number);
                    at = at.behind;
                }
            } else if (steps.isEmpty()) {
                return false;
            } else {
                // Who returns here must have been placed before: the last choice was wrong.
                Step last = steps.pop();
                content = last.before;
                placed.clear(last.call.number);
                last.call.link();
                java.util.Objects.requireNonNull(last.call.itsReturn).link();
                at = last.call.behind;
            }
        }
        return true;
    }

    /** A ring of all calls and returns in the order of time; the head is neither. */
    private static Event events(List<Operation> history) {
        List<Event> all = new java.util.ArrayList<>();
        for (int i = 0; i < history.size(); i++) {
            Event itsReturn = new Event(i, history.get(i), null);
            all.add(new Event(i, history.get(i), itsReturn));
            all.add(itsReturn);
        }
        all.sort(Comparator.comparingLong(Event::nanos));
        Event head = new Event(-1, new Operation(List.of(), List.of(), 0, 0), null);
        for (Event event : all) {
            event.before = head.before;
            event.behind = head;
            event.link();
        }
        return head;
    }
}

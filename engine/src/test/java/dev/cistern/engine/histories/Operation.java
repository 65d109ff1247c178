package dev.cistern.engine.histories;

import dev.cistern.engine.testing.WireReply;
import java.util.List;

/**
 * Commands that a client had run as one: alone, as a transaction, or by a script; with the replies, and the span of time
 * in which they took effect.
 *
 * @param replies one for each command
 * @param calledNanos before the first byte was sent
 * @param returnedNanos when the reply was there
 */
record Operation(List<List<String>> commands, List<WireReply> replies, long calledNanos, long returnedNanos) {

    @Override
    public String toString() {
        return "%d-%d %s -> %s".formatted(calledNanos, returnedNanos, commands, replies);
    }
}

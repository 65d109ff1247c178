package dev.cistern.engine.commands;

import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.SortedSets;

/**
 * A set that a command on several sorted sets reads: members with scores, none if the key is not there.
 *
 * <p>Lives as long as the command, on the loop's thread, while the key's stripe is held.
 */
final class ScoredSource {
    private final SortedSets sorted;
    double weight = 1;

    private ScoredSource(SortedSets sorted) {
        this.sorted = sorted;
    }

    /** Opens the key, as the command's source of this number. Throws WRONG_TYPE. */
    static ScoredSource open(Keyspace keyspace, Bytes key, int number) {
        SortedSets sorted = keyspace.sortedSets(number);
        sorted.open(key);
        return new ScoredSource(sorted);
    }

    long size() {
        return sorted.size();
    }

    /** Points {@code member} at the first member; says whether there is one. Its score is {@link #score}. */
    boolean first(Bytes member) {
        boolean there = sorted.seek(0);
        if (there) {
            sorted.read(member);
        }
        return there;
    }

    boolean next(Bytes member) {
        boolean there = sorted.next();
        if (there) {
            sorted.read(member);
        }
        return there;
    }

    boolean find(Bytes member) {
        return sorted.find(member);
    }

    double score() {
        return sorted.score();
    }

    /** The score times the weight; what is no number then counts as 0. */
    double weighted() {
        double score = score() * weight;
        return Double.isNaN(score) ? 0 : score;
    }
}

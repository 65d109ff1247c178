package dev.cistern.engine.commands;

import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.OpenSet;
import dev.cistern.store.SortedSets;
import dev.cistern.store.ValueType;
import org.jspecify.annotations.Nullable;

/**
 * A set that a command on several sorted sets reads: members with scores, none if the key is not there. The members of a
 * set without scores have the score 1.
 *
 * <p>Lives as long as the command, on the loop's thread, while the key's stripe is held.
 */
final class ScoredSource {
    private final SortedSets sorted;
    private final @Nullable OpenSet plain;
    double weight = 1;

    private ScoredSource(SortedSets sorted, @Nullable OpenSet plain) {
        this.sorted = sorted;
        this.plain = plain;
    }

    /** Opens the key, as the command's source of this number. Throws WRONG_TYPE. */
    static ScoredSource open(Keyspace keyspace, Bytes key, int number) {
        SortedSets sorted = keyspace.sortedSets(number);
        long entry = keyspace.find(key, Keyspace.NO_TOUCH | Keyspace.NO_STATS);
        if (entry != Keyspace.ABSENT && keyspace.type(entry) == ValueType.SET) {
            OpenSet plain = keyspace.sets().at(number);
            plain.open(key);
            return new ScoredSource(sorted, plain);
        }
        sorted.open(key);
        return new ScoredSource(sorted, null);
    }

    long size() {
        return plain == null ? sorted.size() : plain.size();
    }

    /** Points {@code member} at the first member; says whether there is one. Its score is {@link #score}. */
    boolean first(Bytes member) {
        if (plain != null) {
            plain.beginWalk();
            return plain.next(member);
        }
        return read(sorted.seek(0), member);
    }

    boolean next(Bytes member) {
        return plain != null ? plain.next(member) : read(sorted.next(), member);
    }

    private boolean read(boolean there, Bytes member) {
        if (there) {
            sorted.read(member);
        }
        return there;
    }

    boolean find(Bytes member) {
        return plain != null ? plain.has(member) : sorted.find(member);
    }

    double score() {
        return plain != null ? 1 : sorted.score();
    }

    /** The score times the weight; what is no number then counts as 0. */
    double weighted() {
        double score = score() * weight;
        return Double.isNaN(score) ? 0 : score;
    }
}

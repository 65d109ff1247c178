package dev.cistern.engine.dispatch;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Request;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where some of a command's keys stand among its arguments, and what is done to them.
 *
 * <p>In two steps, as the original describes it: where to begin (at an index, or after a keyword), and how the keys
 * follow from there (a range, or a number that counts them). Immutable; any thread.
 */
public record KeySpec(int beginIndex, @Nullable String keyword, Follow follow, int last, int step, int limit,
        Set<Use> uses, @Nullable String notes) implements Fact {

    /** How the keys follow from the beginning. */
    public enum Follow {
        /** From the beginning to {@code last} (relative; negative: from the end), each {@code step}-th argument. */
        RANGE,
        /** {@code last} arguments on stands the number of keys, {@code limit} arguments on the first of them. */
        COUNTED,
        /** Not to be told from the arguments' places. */
        UNKNOWN
    }

    /** What the command does to the key, and to its value. */
    public enum Use {
        RO, RW, OW, RM, ACCESS, UPDATE, INSERT, DELETE, NOT_KEY, INCOMPLETE, VARIABLE_FLAGS
    }

    /** Finds the positions for {@link #eachIn}. */
    public interface Visitor {
        void key(int index);
    }

    /** One key at this argument. */
    public static KeySpec key(int index) {
        return range(index, 0, 1);
    }

    /** All arguments from this one on are keys. */
    public static KeySpec keysFrom(int index) {
        return range(index, -1, 1);
    }

    /** Keys from {@code first} to {@code last} arguments on (negative: from the end), each {@code step}-th. */
    public static KeySpec range(int first, int last, int step) {
        return new KeySpec(first, null, Follow.RANGE, last, step, 0, Set.of(), null);
    }

    /** At this argument stands how many keys follow, and each {@code step}-th of the arguments after it is one. */
    public static KeySpec counted(int index, int step) {
        return new KeySpec(index, null, Follow.COUNTED, 0, step, 1, Set.of(), null);
    }

    /** Keys follow after this word, which is looked for from the argument at {@code from} on (negative: backwards). */
    public static KeySpec after(String keyword, int from, int last, int step, int limit) {
        return new KeySpec(from, keyword, Follow.RANGE, last, step, limit, Set.of(), null);
    }

    /** Keys that only the command itself finds; named by a note. */
    public static KeySpec unknown() {
        return new KeySpec(0, null, Follow.UNKNOWN, 0, 0, 0, Set.of(), null);
    }

    /** What the command does to these keys; by default it follows from the row (READ: RO ACCESS, WRITE: RW UPDATE). */
    public KeySpec as(Use... others) {
        return new KeySpec(beginIndex, keyword, follow, last, step, limit, EnumSet.copyOf(Arrays.asList(others)),
                notes);
    }

    public KeySpec notes(String text) {
        return new KeySpec(beginIndex, keyword, follow, last, step, limit, uses, text);
    }

    public boolean is(Use use) {
        return uses.contains(use);
    }

    /** Whether the place of the keys depends on more than their index. */
    public boolean isMovable() {
        return keyword != null || follow != Follow.RANGE;
    }

    boolean isOneKeyAtIndex() {
        return keyword == null && follow == Follow.RANGE && last == 0;
    }

    /** Shows the visitor the indexes of the keys in the request. Malformed counts give no keys: the body complains. */
    void eachIn(Request request, Visitor visitor) {
        int begin = begin(request);
        if (begin < 1 || begin >= request.count()) {
            return;
        }
        switch (follow) {
            case RANGE -> eachInRange(request, begin, visitor);
            case COUNTED -> eachCounted(request, begin, visitor);
            case UNKNOWN -> {
            }
        }
    }

    private int begin(Request request) {
        if (keyword == null) {
            return beginIndex;
        }
        boolean backwards = beginIndex < 0;
        int from = backwards ? request.count() + beginIndex : beginIndex;
        for (int i = from; i > 0 && i < request.count(); i += backwards ? -1 : 1) {
            if (request.is(i, keyword)) {
                return i + 1;
            }
        }
        return -1;
    }

    private void eachInRange(Request request, int begin, Visitor visitor) {
        int end = last >= 0 ? begin + last : request.count() + last;
        if (limit > 1 && last == -1) {
            // Half (or a third…) of what follows are keys, as the streams of XREAD before their ids.
            end = begin + (request.count() - begin) / limit - 1;
        }
        for (int i = begin; i <= end && i < request.count(); i += step) {
            visitor.key(i);
        }
    }

    private void eachCounted(Request request, int begin, Visitor visitor) {
        int countAt = begin + last;
        if (countAt >= request.count()) {
            return;
        }
        long count;
        try {
            count = request.longAt(countAt);
        } catch (CommandException notNumber) {
            return;
        }
        int first = begin + limit;
        for (int i = 0; i < count && first + (long) i * step < request.count(); i++) {
            visitor.key(first + i * step);
        }
    }
}

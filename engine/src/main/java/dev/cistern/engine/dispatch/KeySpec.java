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

    private static final int NONE = Integer.MIN_VALUE;

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
        int end = end(request, begin);
        for (int i = first(begin); i < end; i += step) {
            visitor.key(i);
        }
    }

    /** Like {@link #eachIn}, with this spec beside each index. */
    void eachIn(Request request, Command.SpecVisitor visitor) {
        int begin = begin(request);
        int end = end(request, begin);
        for (int i = first(begin); i < end; i += step) {
            visitor.key(this, i);
        }
    }

    /** Whether it should be counted how many keys there are, and the count is missing or none. */
    public boolean isMiscounted(Request request) {
        int begin = begin(request);
        if (follow != Follow.COUNTED || begin < 1 || begin >= request.count()) {
            return false;
        }
        try {
            return begin + last >= request.count() || request.longAt(begin + last) < 0;
        } catch (CommandException notNumber) {
            return true;
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

    private int first(int begin) {
        return follow == Follow.COUNTED ? begin + limit : begin;
    }

    /** The first index after the keys that begin there; below every index if there are none. */
    private int end(Request request, int begin) {
        if (begin < 1 || begin >= request.count()) {
            return NONE;
        }
        return switch (follow) {
            case RANGE -> Math.min(request.count(), endOfRange(request, begin));
            case COUNTED -> endOfCounted(request, begin);
            case UNKNOWN -> 0;
        };
    }

    private int endOfRange(Request request, int begin) {
        if (limit > 1 && last == -1) {
            // Half (or a third…) of what follows are keys, as the streams of XREAD before their ids.
            return begin + (request.count() - begin) / limit;
        }
        return (last >= 0 ? begin + last : request.count() + last) + 1;
    }

    private int endOfCounted(Request request, int begin) {
        int countAt = begin + last;
        if (countAt >= request.count()) {
            return 0;
        }
        try {
            int count = Math.clamp(request.longAt(countAt), 0, request.count());
            int lastKey = begin + limit + (count - 1) * step;
            // More keys than arguments are none, for the original too: the body complains before it looks for them.
            return lastKey < request.count() ? lastKey + 1 : 0;
        } catch (CommandException notNumber) {
            return 0;
        }
    }
}

package dev.cistern.engine.testing;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A reply as it came over the wire, its type included: {@code :1} and {@code $1 1} are not the same. */
public sealed interface WireReply {

    record Status(String text) implements WireReply {}

    record ErrorLine(String text) implements WireReply {}

    record Int(long value) implements WireReply {}

    record Bulk(String text) implements WireReply {}

    /** {@code $-1}, {@code *-1} or {@code _}: the letter tells which. */
    record Null(char type) implements WireReply {}

    record Array(List<WireReply> members) implements WireReply {}

    record MapReply(Map<WireReply, WireReply> pairs) implements WireReply {}

    record SetReply(List<WireReply> members) implements WireReply {}

    record Push(List<WireReply> members) implements WireReply {}

    record Real(String text) implements WireReply {}

    record Bool(boolean value) implements WireReply {}

    record Verbatim(String format, String text) implements WireReply {}

    record BigNumber(String digits) implements WireReply {}

    static WireReply ok() {
        return new Status("OK");
    }

    static WireReply status(String text) {
        return new Status(text);
    }

    static WireReply error(String text) {
        return new ErrorLine(text);
    }

    static WireReply integer(long value) {
        return new Int(value);
    }

    static WireReply bulk(String text) {
        return new Bulk(text);
    }

    /** A missing string in RESP2. */
    static WireReply nil() {
        return new Null('$');
    }

    /** A missing array in RESP2. */
    static WireReply nilArray() {
        return new Null('*');
    }

    /** Whatever is missing, in RESP3. */
    static WireReply null3() {
        return new Null('_');
    }

    static WireReply real(String text) {
        return new Real(text);
    }

    /** An array of these; strings mean bulk strings, numbers integers, null a missing string. */
    static WireReply array(@Nullable Object... members) {
        return new Array(replies(members));
    }

    /** A set in RESP3; the order counts here, as the wire has one. */
    static WireReply set(@Nullable Object... members) {
        return new SetReply(replies(members));
    }

    /** Out-of-band data in RESP3. */
    static WireReply push(@Nullable Object... members) {
        return new Push(replies(members));
    }

    /** A map in RESP3, of keys and values in turn. */
    static WireReply map(@Nullable Object... pairs) {
        Map<WireReply, WireReply> members = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            members.put(reply(pairs[i]), reply(pairs[i + 1]));
        }
        return new MapReply(members);
    }

    private static List<WireReply> replies(@Nullable Object[] members) {
        return Arrays.stream(members).map(WireReply::reply).toList();
    }

    private static WireReply reply(@Nullable Object member) {
        return switch (member) {
            case null -> nil();
            case WireReply ready -> ready;
            case Integer value -> integer(value);
            case Long value -> integer(value);
            default -> bulk(member.toString());
        };
    }

    /** The text of a status, error, string or number; fails for what has none. */
    default String text() {
        return switch (this) {
            case Status status -> status.text();
            case ErrorLine error -> error.text();
            case Bulk bulk -> bulk.text();
            case Verbatim verbatim -> verbatim.text();
            case Int number -> Long.toString(number.value());
            case Real real -> real.text();
            default -> throw new AssertionError("no text: " + this);
        };
    }

    /** The members of an array, set or push; fails for anything else. */
    default List<WireReply> members() {
        return switch (this) {
            case Array array -> array.members();
            case SetReply set -> set.members();
            case Push push -> push.members();
            default -> throw new AssertionError("no members: " + this);
        };
    }

    /** The members' texts. */
    default List<String> texts() {
        return members().stream().map(WireReply::text).toList();
    }

    default long number() {
        if (this instanceof Int number) {
            return number.value();
        }
        throw new AssertionError("no integer: " + this);
    }

    /** Fails unless this is the reply that was expected. */
    default WireReply expect(WireReply expected) {
        if (!equals(expected)) {
            throw new AssertionError("expected " + expected + "\n but was " + this);
        }
        return this;
    }
}

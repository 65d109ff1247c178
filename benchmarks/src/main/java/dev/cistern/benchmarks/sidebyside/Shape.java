package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Data whose memory is worth knowing: how many elements it has, and how they get into a server. Names of members, fields
 * and keys have 16 bytes, as {@link PeerConnection#key} makes them, unless the title says otherwise.
 *
 * @param elements what the bytes are divided by
 * @param needsResp whether a Memcached has no such thing
 */
record Shape(String title, int elements, boolean needsResp, Fill fill) {

    /** Puts so many elements in. */
    @FunctionalInterface
    interface Fill {
        void into(Loader loader, int elements) throws IOException;
    }

    private static final int FIELDS_OF_SMALL_HASH = 5;
    private static final int MEMBERS_OF_SMALL_SORTED_SET = 10;
    private static final int ENTRIES_OF_SMALL_STREAM = 10;

    /** Strings under keys of their own, {@code keys} of them. */
    static Shape strings(int keys, int valueBytes) {
        return new Shape("strings of " + valueBytes + " B", keys, false,
                (loader, count) -> loader.fill("key:", count, valueBytes));
    }

    /** The collections, small ones by the {@code million} and large ones of five million elements. */
    static List<Shape> collections(int million) {
        int large = 5 * million;
        return List.of(
                new Shape(shown(million) + " hashes of 5 small fields, per hash", million, true,
                        (loader, count) -> loader.send(count, Shape::smallHash)),
                new Shape("a hash of " + shown(large) + " fields", large, true, (loader, count) -> loader.send(count,
                        i -> words("HSET", "hash", name(i), "value"))),
                new Shape("a list of " + shown(large), large, true, (loader, count) -> loader.send(count,
                        i -> words("RPUSH", "list", name(i)))),
                new Shape("a set of " + shown(large) + " integers", large, true, (loader, count) -> loader.send(count,
                        i -> words("SADD", "integers", Integer.toString(i)))),
                new Shape("a set of " + shown(large) + " strings", large, true, (loader, count) -> loader.send(count,
                        i -> words("SADD", "strings", name(i)))),
                new Shape("a sorted set of " + shown(large), large, true, (loader, count) -> loader.send(count,
                        i -> words("ZADD", "ranks", Integer.toString(i), name(i)))),
                new Shape(shown(million) + " sorted sets of 10, per set", million, true,
                        (loader, count) -> loader.send(count, Shape::smallSortedSet)),
                new Shape(shown(million) + " streams of 10 entries, per stream", million, true,
                        (loader, count) -> loader.send(count * ENTRIES_OF_SMALL_STREAM, i -> words("XADD",
                                name(i / ENTRIES_OF_SMALL_STREAM), "*", "field", "value"))));
    }

    /** The same with so many elements. */
    Shape of(int count) {
        return new Shape(title, count, needsResp, fill);
    }

    private static String[] smallHash(int number) {
        List<String> words = new ArrayList<>(List.of("HSET", name(number)));
        for (int field = 0; field < FIELDS_OF_SMALL_HASH; field++) {
            words.add("field" + field);
            words.add("value" + number % 1000);
        }
        return words.toArray(String[]::new);
    }

    private static String[] smallSortedSet(int number) {
        List<String> words = new ArrayList<>(List.of("ZADD", name(number)));
        for (int member = 0; member < MEMBERS_OF_SMALL_SORTED_SET; member++) {
            words.add(Integer.toString(member * 17));
            words.add("member" + (number + member) % 1000);
        }
        return words.toArray(String[]::new);
    }

    private static String[] words(String... words) {
        return words;
    }

    private static String name(int number) {
        return PeerConnection.key("elt:", number);
    }

    private static String shown(int count) {
        return String.format(Locale.ROOT, "%,d", count);
    }
}

package dev.cistern.store;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Listpacks hold what a list of texts holds after every random step, in the original's bytes; and no bytes fool them. */
final class ListpackTest {

    private static final int ROOM = 1 << 20;
    private static final int STEPS = 1_000 * Integer.getInteger("cistern.effort", 1);

    /** A hash f0 .. f23 of {@link #PINNED_VALUES} as redis-server 7.0.15 dumps it. */
    private static final String PINNED = """
            f70000003000826630030001826631037f0182663203c0800282663303dfff0282663403d0000282663503cfff0282663603f1ff
            ef0382663703f100100382663803f1ff7f0382663903f10080038366313004f2008000048366313104f2ffff7f048366313204f2
            000080048366313304f300008000058366313404f3ffffff7f058366313504f300000080058366313604f4000000800000000009
            8366313704f4ffffffffffffff7f098366313804f400000000000000800983663139049339323233333732303336383534373735
            38303814836632300483303037048366323104822d3003836632320480018366323304816102ff""";

    private static final List<String> PINNED_VALUES = List.of("0", "127", "128", "-1", "-4096", "4095", "-4097", "4096",
            "32767", "-32768", "32768", "8388607", "-8388608", "8388608", "2147483647", "-2147483648", "2147483648",
            "9223372036854775807", "-9223372036854775808", "9223372036854775808", "007", "-0", "", "a");

    private final long listpack = Memory.allocate(MemoryTag.TEST, ROOM);
    private final long scratch = Memory.allocate(MemoryTag.TEST, Decimal.MAX_BYTES);
    private final Bytes view = new Bytes();

    @AfterEach
    void free() {
        Memory.free(MemoryTag.TEST, listpack, ROOM);
        Memory.free(MemoryTag.TEST, scratch, Decimal.MAX_BYTES);
    }

    @Test
    void bytesAreTheOriginals() {
        Listpack.create(listpack);
        for (int i = 0; i < PINNED_VALUES.size(); i++) {
            append("f" + i);
            append(PINNED_VALUES.get(i));
        }
        assertThat(HexFormat.of().formatHex(bytes())).isEqualTo(PINNED.replaceAll("\\s", ""));
        assertThat(Listpack.isValid(listpack, Listpack.bytes(listpack))).isTrue();
    }

    /** The lengths at which head and end of an element change their form, as redis-server 7.0.15 writes them. */
    @Test
    void boundariesAreTheOriginals() {
        boundary(63, "4b0000000200816b02bf7878787878", "787878787840ff");
        boundary(64, "4d0000000200816b02e04078787878", "787878787842ff");
        boundary(4095, "0d1000000200816b02efff78787878", "7878782081ff");
        boundary(4096, "111000000200816b02f00010000078", "7878782085ff");
        boundary(16377, "0a4000000200816b02f0f93f000078", "787878787ffeff");
        boundary(16378, "0c4000000200816b02f0fa3f000078", "787800ffffff");
        boundary(16379, "0d4000000200816b02f0fb3f000078", "78018080ff");
    }

    private void boundary(int length, String start, String end) {
        Listpack.create(listpack);
        append("k");
        append("x".repeat(length));
        String hex = HexFormat.of().formatHex(bytes());
        assertThat(hex).startsWith(start);
        assertThat(hex).endsWith(end);
        assertThat(Listpack.before(listpack, Listpack.last(listpack))).isEqualTo(Listpack.first(listpack));
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void randomChanges(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<String> model = new ArrayList<>();
        Listpack.create(listpack);
        for (int step = 0; step < STEPS; step++) {
            change(random, model);
            check(model, random, "seed " + seed + " step " + step);
        }
    }

    private void change(SplittableRandom random, List<String> model) {
        int index = model.isEmpty() ? 0 : random.nextInt(model.size());
        String text = randomText(random);
        switch (random.nextInt(model.size() > 40 ? 10 : 7)) {
            case 0, 1 -> {
                append(text);
                model.add(text);
            }
            case 2 -> {
                with(text, value -> Listpack.prepend(listpack, value));
                model.addFirst(text);
            }
            case 3, 4 -> {
                int at = index;
                with(text, value -> {
                    int before = Listpack.bytes(listpack);
                    Listpack.insert(listpack, at(model, at), value);
                    assertThat(Listpack.bytes(listpack)).isEqualTo(before + Listpack.elementBytes(value));
                });
                model.add(at, text);
            }
            case 5 -> replace(model, index, text);
            case 6 -> copyElements(random, model, index);
            default -> {
                int count = Math.min(model.size() - index, random.nextInt(8));
                Listpack.delete(listpack, at(model, index), count);
                model.subList(index, index + count).clear();
            }
        }
    }

    private void replace(List<String> model, int index, String text) {
        if (!model.isEmpty()) {
            with(text, value -> Listpack.replace(listpack, at(model, index), value));
            model.set(index, text);
        }
    }

    private void copyElements(SplittableRandom random, List<String> model, int index) {
        int count = Math.min(model.size() - index, random.nextInt(3));
        long from = at(model, index);
        int bytes = 0;
        for (int i = 0; i < count; i++) {
            bytes += Listpack.sizeAt(from + bytes);
        }
        long copy = Memory.allocate(MemoryTag.TEST, bytes + 1L);
        Memory.copy(from, copy, bytes);
        Listpack.insertElements(listpack, listpack + Listpack.HEADER_BYTES, copy, bytes, count);
        Memory.free(MemoryTag.TEST, copy, bytes + 1L);
        model.addAll(0, List.copyOf(model.subList(index, index + count)));
    }

    private long at(List<String> model, int index) {
        return index >= model.size() ? Listpack.end(listpack) : Listpack.seek(listpack, index);
    }

    private void check(List<String> model, SplittableRandom random, String what) {
        assertThat(Listpack.count(listpack)).as(what).isEqualTo(model.size());
        assertThat(Listpack.isValid(listpack, Listpack.bytes(listpack))).as(what).isTrue();
        int index = 0;
        long previous = Listpack.NONE;
        for (long at = Listpack.first(listpack); at != Listpack.NONE; at = Listpack.next(at)) {
            String text = model.get(index);
            assertThat(Listpack.read(at, view, scratch)).as(what).hasToString(text);
            assertThat(Listpack.textLength(at)).isEqualTo(text.length());
            assertThat(Listpack.before(listpack, at)).as(what).isEqualTo(previous);
            assertThat(Listpack.isInteger(at)).as(text).isEqualTo(readsAsInteger(text));
            previous = at;
            index++;
        }
        assertThat(Listpack.last(listpack)).as(what).isEqualTo(previous);
        assertThat(index).as(what).isEqualTo(model.size());
        seek(model, random, what);
        find(model, random, what);
    }

    private void seek(List<String> model, SplittableRandom random, String what) {
        int index = random.nextInt(-model.size() - 2, model.size() + 2);
        int place = index < 0 ? index + model.size() : index;
        long element = Listpack.seek(listpack, index);
        if (place < 0 || place >= model.size()) {
            assertThat(element).as(what).isEqualTo(Listpack.NONE);
        } else {
            assertThat(Listpack.read(element, view, scratch)).as(what).hasToString(model.get(place));
        }
    }

    private void find(List<String> model, SplittableRandom random, String what) {
        int skip = random.nextInt(3);
        String wanted = model.isEmpty() || random.nextInt(4) == 0 ? "absent" : model.get(random.nextInt(model.size()));
        int expected = -1;
        for (int i = 0; i < model.size() && expected < 0; i += skip + 1) {
            expected = model.get(i).equals(wanted) ? i : -1;
        }
        long place = expected < 0 ? Listpack.NONE : Listpack.seek(listpack, expected);
        with(wanted, value -> {
            long found = Listpack.find(Listpack.first(listpack), value, skip);
            assertThat(found).as(what).isEqualTo(place);
            assertThat(found == Listpack.NONE || Listpack.equal(found, value)).isTrue();
        });
    }

    @Test
    void countsMoreThanFitInTheHeader() {
        Listpack.create(listpack);
        for (int i = 0; i < 70_000; i++) {
            Listpack.append(listpack, i & 63);
        }
        assertThat(Listpack.count(listpack)).isEqualTo(70_000);
        assertThat(Listpack.integer(Listpack.seek(listpack, 69_999))).isEqualTo(69_999 & 63);
        assertThat(Listpack.integer(Listpack.seek(listpack, -70_000))).isZero();
        assertThat(Listpack.seek(listpack, 70_000)).isEqualTo(Listpack.NONE);
        Listpack.delete(listpack, Listpack.first(listpack), 10_000);
        assertThat(Listpack.count(listpack)).isEqualTo(60_000);
        Listpack.append(listpack, 1);
        assertThat(Listpack.count(listpack)).isEqualTo(60_001);
        assertThat(Listpack.isValid(listpack, Listpack.bytes(listpack))).isTrue();
    }

    /** What passes the check can be walked both ways without leaving the bytes; anything else is refused. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void bytesFromOutside(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int valid = 0;
        for (int round = 0; round < 10 * STEPS; round++) {
            Listpack.create(listpack);
            for (int i = random.nextInt(6); i > 0; i--) {
                append(randomText(random));
            }
            int length = Listpack.bytes(listpack);
            for (int flips = random.nextInt(3); flips > 0; flips--) {
                Memory.putByte(listpack + random.nextInt(length), (byte) random.nextInt());
            }
            int claimed = random.nextInt(8) == 0 ? random.nextInt(length + 1) : length;
            if (Listpack.isValid(listpack, claimed)) {
                valid++;
                walk(claimed, "seed " + seed + " round " + round);
            }
        }
        assertThat(valid).isPositive();
    }

    private void walk(int length, String what) {
        int count = 0;
        long previous = Listpack.NONE;
        for (long at = Listpack.first(listpack); at != Listpack.NONE; at = Listpack.next(at)) {
            assertThat(at + Listpack.sizeAt(at)).as(what).isLessThan(listpack + length);
            assertThat(Listpack.before(listpack, at)).as(what).isEqualTo(previous);
            Listpack.read(at, view, scratch);
            previous = at;
            count++;
        }
        assertThat(Listpack.count(listpack)).as(what).isEqualTo(count);
    }

    private static boolean readsAsInteger(String text) {
        try {
            return Long.toString(Long.parseLong(text)).equals(text);
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static String randomText(SplittableRandom random) {
        return switch (random.nextInt(10)) {
            case 0 -> Long.toString(random.nextLong() >> random.nextInt(64));
            case 1 -> Integer.toString(random.nextInt(-5000, 5000));
            case 2, 3 -> Integer.toString(random.nextInt(200));
            case 4 -> "x".repeat(random.nextInt(200));
            case 5 -> random.nextInt(5) == 0 ? "y".repeat(random.nextInt(20_000)) : "";
            case 6 -> "0" + random.nextInt(20);
            case 7 -> Long.toString(random.nextBoolean() ? Long.MAX_VALUE : Long.MIN_VALUE);
            case 8 -> Long.toString(Decimal.INVALID - random.nextInt(2));
            default -> "member:" + random.nextInt(50);
        };
    }

    private void append(String text) {
        with(text, value -> Listpack.append(listpack, value));
    }

    private static void with(String text, Consumer<Bytes> action) {
        Bytes value = Bytes.copyOf(text.getBytes(StandardCharsets.UTF_8));
        try {
            action.accept(value);
        } finally {
            value.free();
        }
    }

    private byte[] bytes() {
        byte[] copy = new byte[Listpack.bytes(listpack)];
        Memory.copy(listpack, copy, 0, copy.length);
        return copy;
    }
}

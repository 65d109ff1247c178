package dev.cistern.lua;

/**
 * The library {@code struct}: values to and from bytes by a format.
 *
 * <pre>
 *   &gt; &lt; = ![n]   big, little, native endian; alignment     b B  1 byte    h H  2 bytes   l L T  8 bytes
 *   i[n] I[n]     n bytes, else 4                           x    a zero    f    4 bytes   d      8 bytes
 *   c[n]          n bytes of a string, else 1; 0: all       s    a string and a zero byte
 * </pre>
 *
 * Every size and offset is checked in 64 bits against what is there before a byte is touched.
 */
final class StructLibrary {
    private static final int MAX_INTEGER_BYTES = 32;
    private static final int NATIVE_ALIGNMENT = 8;
    private static final int MAX_RESULTS = 7_990;

    private StructLibrary() {}

    static void open(LuaState state) {
        LuaTable library = Library.open(state, "struct", 3);
        Library.add(library, "pack", StructLibrary::pack);
        Library.add(library, "unpack", StructLibrary::unpack);
        Library.add(library, "size", StructLibrary::size);
    }

    /** Walks a format and keeps the options that hold from then on. */
    private static final class Format {
        private final LuaCall call;
        private final byte[] text;
        private int at;
        boolean littleEndian = true;
        private int alignment = 1;
        int size;

        Format(LuaCall call) {
            this.call = call;
            byte[] given = call.checkString(1).bytes;
            int end = 0;
            while (end < given.length && given[end] != 0) {
                end++;
            }
            text = java.util.Arrays.copyOf(given, end);
        }

        /** The next letter that stands for data, with its size set; 0 at the end. */
        int next() {
            while (at < text.length) {
                int letter = text[at++] & 0xff;
                size = sizeOf(letter);
                if (size >= 0) {
                    return letter;
                }
                control(letter);
            }
            return 0;
        }

        private int sizeOf(int letter) {
            return switch (letter) {
                case 'b', 'B', 'x' -> 1;
                case 'h', 'H' -> 2;
                case 'f' -> 4;
                case 'l', 'L', 'T', 'd' -> 8;
                case 's' -> 0;
                case 'c' -> number(1);
                case 'i', 'I' -> integerSize();
                default -> -1;
            };
        }

        private int integerSize() {
            int bytes = number(4);
            if (bytes > MAX_INTEGER_BYTES) {
                throw call.error("integral size %d is larger than limit of %d".formatted(bytes, MAX_INTEGER_BYTES));
            }
            return bytes;
        }

        private int number(int absent) {
            if (at >= text.length || !Numbers.isDigit(text[at])) {
                return absent;
            }
            long value = 0;
            while (at < text.length && Numbers.isDigit(text[at])) {
                value = value * 10 + text[at++] - '0';
                if (value > Integer.MAX_VALUE) {
                    throw call.error("integral size overflow");
                }
            }
            return (int) value;
        }

        private void control(int letter) {
            switch (letter) {
                case ' ' -> {
                    // Formats may be spaced out.
                }
                case '>' -> littleEndian = false;
                case '<', '=' -> littleEndian = true;
                case '!' -> {
                    alignment = number(NATIVE_ALIGNMENT);
                    if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
                        throw call.error("alignment " + alignment + " is not a power of 2");
                    }
                }
                default -> throw call.argumentError(1, "invalid format option '" + (char) letter + "'");
            }
        }

        /** Bytes to skip before an item at {@code offset}. */
        int padding(int letter, long offset) {
            if (size == 0 || letter == 'c') {
                return 0;
            }
            int unit = Math.min(size, alignment);
            return (int) (unit - (offset & (unit - 1))) & (unit - 1);
        }
    }

    private static void pack(LuaCall call) {
        Format format = new Format(call);
        ByteBuilder out = new ByteBuilder(call.state());
        int argument = 2;
        for (int letter = format.next(); letter != 0; letter = format.next()) {
            out.repeat(0, format.padding(letter, out.length()));
            switch (letter) {
                case 'x' -> out.add(0);
                case 'f' -> out.addNumber(Float.floatToRawIntBits((float) call.checkNumber(argument++)), 4,
                        format.littleEndian);
                case 'd' -> out.addNumber(Double.doubleToRawLongBits(call.checkNumber(argument++)), 8,
                        format.littleEndian);
                case 'c', 's' -> packText(call, out, format, letter, argument++);
                default -> packInteger(out, call.checkNumber(argument++), format);
            }
        }
        call.returns(out.finish());
    }

    private static void packText(LuaCall call, ByteBuilder out, Format format, int letter, int argument) {
        LuaString text = call.checkString(argument);
        int length = format.size == 0 ? text.length() : format.size;
        if (text.length() < length) {
            throw call.argumentError(argument, "string too short");
        }
        out.add(text.bytes, 0, length);
        if (letter == 's') {
            out.add(0);
        }
    }

    private static void packInteger(ByteBuilder out, double number, Format format) {
        long value = number >= 0x1p63 ? (long) (number - 0x1p63) ^ Long.MIN_VALUE : Lua.toLong(number);
        for (int i = 0; i < format.size; i++) {
            // Bytes beyond the eighth are zero, whatever the sign.
            int index = format.littleEndian ? i : format.size - 1 - i;
            out.add(index < 8 ? (int) (value >>> (8 * index)) : 0);
        }
    }

    private static void unpack(LuaCall call) {
        Format format = new Format(call);
        byte[] data = call.checkString(2).bytes;
        long start = call.arg(3) == null ? 1 : call.checkLong(3);
        if (start < 1) {
            throw call.argumentError(3, "offset must be 1 or greater");
        }
        long at = start - 1;
        for (int letter = format.next(); letter != 0; letter = format.next()) {
            at += format.padding(letter, at);
            requireData(call, data, at, format.size);
            if (call.resultCount >= MAX_RESULTS) {
                throw call.error("too many results");
            }
            int offset = (int) at;
            int size = format.size;
            switch (letter) {
                case 'x' -> {
                    // Only skipped.
                }
                case 'f' -> call.push((double) Float.intBitsToFloat((int) read(data, offset, 4, format)));
                case 'd' -> call.push(Double.longBitsToDouble(read(data, offset, 8, format)));
                case 's' -> {
                    size = terminated(call, data, offset);
                    pushText(call, data, offset, size - 1);
                }
                case 'c' -> {
                    size = size == 0 ? previousSize(call, data, at) : size;
                    pushText(call, data, offset, size);
                }
                default -> call.push(integer(read(data, offset, size, format), size, letter));
            }
            at += size;
        }
        call.push(at + 1.0);
    }

    private static void requireData(LuaCall call, byte[] data, long at, long size) {
        if (size > data.length || at > data.length - size) {
            throw call.argumentError(2, "data string too short");
        }
    }

    private static void pushText(LuaCall call, byte[] data, int offset, int length) {
        call.state().memory.reserve(LuaString.OVERHEAD_BYTES + (long) length);
        call.push(LuaString.copyOf(data, offset, length));
    }

    private static int terminated(LuaCall call, byte[] data, int offset) {
        int end = offset;
        while (end < data.length && data[end] != 0) {
            end++;
        }
        if (end == data.length) {
            throw call.error("unfinished string in data");
        }
        return end - offset + 1;
    }

    /** {@code c0}: the number unpacked last, which it replaces, says how long the text is. */
    private static int previousSize(LuaCall call, byte[] data, long at) {
        if (call.resultCount == 0 || !(Lua.toNumber(call.results[call.resultCount - 1]) instanceof Double number)) {
            throw call.error("format 'c0' needs a previous size");
        }
        call.resultCount--;
        if (!(number >= 0 && number <= data.length)) {
            throw call.argumentError(2, "data string too short");
        }
        int size = (int) number.doubleValue();
        requireData(call, data, at, size);
        return size;
    }

    private static long read(byte[] data, int offset, int size, Format format) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            int index = format.littleEndian ? offset + size - 1 - i : offset + i;
            value = value << 8 | data[index] & 0xff;
        }
        return value;
    }

    private static double integer(long value, int size, int letter) {
        if (letter >= 'a') {
            int unused = Math.max(0, Long.SIZE - 8 * size);
            return size == 0 ? 0 : value << unused >> unused;
        }
        return value >= 0 ? value : (value >>> 1 | value & 1) * 2.0;
    }

    private static void size(LuaCall call) {
        Format format = new Format(call);
        long total = 0;
        for (int letter = format.next(); letter != 0; letter = format.next()) {
            total += format.padding(letter, total);
            if (format.size == 0 && (letter == 's' || letter == 'c')) {
                throw call.argumentError(1, "option '%s' has no fixed size".formatted(letter == 's' ? "s" : "c0"));
            }
            total += format.size;
            if (total > Integer.MAX_VALUE) {
                throw call.error("integral size overflow");
            }
        }
        call.returns((double) total);
    }
}

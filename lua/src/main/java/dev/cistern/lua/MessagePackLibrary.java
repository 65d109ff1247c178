package dev.cistern.lua;

import org.jspecify.annotations.Nullable;

/** The library {@code cmsgpack}, in the manner of lua-cmsgpack 0.4.0. */
final class MessagePackLibrary {
    /** Tables nested deeper are packed as nil. */
    private static final int MAX_PACK_DEPTH = 16;
    /** No packer of ours nests as deep; more is an attack on the Java stack. */
    private static final int MAX_UNPACK_DEPTH = 1_000;
    private static final int MAX_RESULTS = 7_990;

    private MessagePackLibrary() {}

    static void open(LuaState state) {
        LuaTable library = Library.open(state, "cmsgpack", 8);
        Library.add(library, "pack", MessagePackLibrary::pack);
        Library.add(library, "unpack", call -> unpack(call, 0, 0));
        Library.add(library, "unpack_one", call -> unpack(call, 1, call.optInt(2, 0)));
        Library.add(library, "unpack_limit", call -> unpack(call, call.checkInt(2), call.optInt(3, 0)));
        library.set("_NAME", LuaString.of("cmsgpack"));
        library.set("_VERSION", LuaString.of("lua-cmsgpack 0.4.0"));
    }

    // ---- packing

    private static void pack(LuaCall call) {
        if (call.count() == 0) {
            throw call.argumentError(0, "MessagePack pack needs input.");
        }
        ByteBuilder out = new ByteBuilder(call.state());
        for (int i = 1; i <= call.count(); i++) {
            pack(call, out, call.arg(i), 0);
        }
        call.returns(out.finish());
    }

    private static void pack(LuaCall call, ByteBuilder out, @Nullable Object value, int depth) {
        call.state().interpreter.spend(1);
        switch (value) {
            case Boolean truth -> out.add(truth ? 0xc3 : 0xc2);
            case Double number -> packNumber(out, number);
            case LuaString string -> packString(out, string);
            case LuaTable table when depth < MAX_PACK_DEPTH -> packTable(call, out, table, depth);
            case null, default -> out.add(0xc0);
        }
    }

    private static void packNumber(ByteBuilder out, double number) {
        long integer = (long) number;
        if (integer == number && integer != Long.MAX_VALUE) {
            packInteger(out, integer);
        } else if ((float) number == number) {
            out.add(0xca);
            out.addNumber(Float.floatToRawIntBits((float) number), 4, false);
        } else {
            out.add(0xcb);
            out.addNumber(Double.doubleToRawLongBits(number), 8, false);
        }
    }

    private static void packInteger(ByteBuilder out, long value) {
        if (value >= -32 && value <= 127) {
            out.add((int) value);
        } else if (value >= 0) {
            int log = value <= 0xff ? 0 : value <= 0xffff ? 1 : value <= 0xffff_ffffL ? 2 : 3;
            out.add(0xcc + log);
            out.addNumber(value, 1 << log, false);
        } else {
            int log = value >= Byte.MIN_VALUE ? 0 : value >= Short.MIN_VALUE ? 1 : value >= Integer.MIN_VALUE ? 2 : 3;
            out.add(0xd0 + log);
            out.addNumber(value, 1 << log, false);
        }
    }

    private static void packString(ByteBuilder out, LuaString string) {
        int length = string.length();
        if (length < 32) {
            out.add(0xa0 | length);
        } else {
            int log = length <= 0xff ? 0 : length <= 0xffff ? 1 : 2;
            out.add(0xd9 + log);
            out.addNumber(length, 1 << log, false);
        }
        out.add(string.bytes);
    }

    /** The header of an array or map: few items in the byte itself, else a count of 16 or 32 bits. */
    private static void packHeader(ByteBuilder out, int few, int many, int count) {
        if (count <= 15) {
            out.add(few | count);
        } else {
            boolean small = count <= 0xffff;
            out.add(small ? many : many + 1);
            out.addNumber(count, small ? 2 : 4, false);
        }
    }

    private static void packTable(LuaCall call, ByteBuilder out, LuaTable table, int depth) {
        int count = 0;
        double most = 0;
        boolean array = true;
        for (int at = table.nextPosition(0); at > 0; at = table.nextPosition(at)) {
            count++;
            if (table.keyAt(at) instanceof Double key && key >= 1 && Math.floor(key) == key) {
                most = Math.max(most, key);
            } else {
                array = false;
            }
        }
        if (array && most == count) {
            packHeader(out, 0x90, 0xdc, count);
            for (int i = 1; i <= count; i++) {
                pack(call, out, table.get(i), depth + 1);
            }
            return;
        }
        packHeader(out, 0x80, 0xde, count);
        for (int at = table.nextPosition(0); at > 0; at = table.nextPosition(at)) {
            pack(call, out, table.keyAt(at), depth + 1);
            pack(call, out, table.valueAt(at), depth + 1);
        }
    }

    // ---- unpacking

    /** A limit of 0 with offset 0 means everything, and then no offset is returned. */
    private static void unpack(LuaCall call, int limit, int offset) {
        byte[] bytes = call.checkString(1).bytes;
        if (offset < 0 || limit < 0) {
            throw call.error("Invalid request to unpack with offset of %d and limit of %d.".formatted(offset,
                    bytes.length));
        }
        if (offset > bytes.length) {
            throw call.error("Start offset %d greater than input length %d.".formatted(offset, bytes.length));
        }
        boolean everything = limit == 0 && offset == 0;
        int left = everything ? Integer.MAX_VALUE : limit;
        Reader reader = new Reader(call, bytes, offset);
        if (!everything) {
            call.push(null);
        }
        for (; left > 0 && reader.at < bytes.length; left--) {
            if (call.resultCount >= MAX_RESULTS) {
                throw call.error("too many results to unpack");
            }
            call.push(reader.value(0));
        }
        if (!everything) {
            call.results[0] = reader.at == bytes.length ? -1.0 : (double) reader.at;
        }
    }

    private static final class Reader {
        private final LuaCall call;
        private final byte[] bytes;
        int at;

        Reader(LuaCall call, byte[] bytes, int at) {
            this.call = call;
            this.bytes = bytes;
            this.at = at;
        }

        private LuaError badFormat() {
            return call.error("Bad data format in input.");
        }

        /** Checks that {@code count} more bytes are there, in 64 bits. */
        private void require(long count) {
            if (count > bytes.length - at) {
                throw call.error("Missing bytes in input.");
            }
        }

        private long unsigned(int width) {
            require(width);
            long value = 0;
            for (int i = 0; i < width; i++) {
                value = value << 8 | bytes[at++] & 0xff;
            }
            return value;
        }

        private double signed(int width) {
            int unused = Long.SIZE - 8 * width;
            return unsigned(width) << unused >> unused;
        }

        @Nullable
        Object value(int depth) {
            if (depth > MAX_UNPACK_DEPTH) {
                throw badFormat();
            }
            call.state().interpreter.spend(1);
            int head = (int) unsigned(1);
            if (head < 0x80 || head >= 0xe0) {
                return (double) (byte) head;
            }
            if (head < 0x90) {
                return map(head & 15, depth);
            }
            if (head < 0xa0) {
                return array(head & 15, depth);
            }
            if (head < 0xc0) {
                return string(head & 31);
            }
            return switch (head) {
                case 0xc0 -> null;
                case 0xc2 -> false;
                case 0xc3 -> true;
                case 0xca -> (double) Float.intBitsToFloat((int) unsigned(4));
                case 0xcb -> Double.longBitsToDouble(unsigned(8));
                case 0xcc, 0xcd, 0xce -> (double) unsigned(1 << (head - 0xcc));
                case 0xcf -> {
                    long value = unsigned(8);
                    yield value >= 0 ? (double) value : (value >>> 1 | value & 1) * 2.0;
                }
                case 0xd0, 0xd1, 0xd2, 0xd3 -> signed(1 << (head - 0xd0));
                case 0xd9, 0xda, 0xdb -> string(unsigned(1 << (head - 0xd9)));
                case 0xdc, 0xdd -> array(unsigned(2 << (head - 0xdc)), depth);
                case 0xde, 0xdf -> map(unsigned(2 << (head - 0xde)), depth);
                default -> throw badFormat();
            };
        }

        private LuaString string(long length) {
            require(length);
            call.state().memory.reserve(LuaString.OVERHEAD_BYTES + length);
            LuaString string = LuaString.copyOf(bytes, at, (int) length);
            at += (int) length;
            return string;
        }

        private LuaTable array(long count, int depth) {
            LuaTable table = call.state().newTable();
            for (long i = 1; i <= count; i++) {
                table.set((int) i, value(depth + 1));
            }
            return table;
        }

        private LuaTable map(long count, int depth) {
            LuaTable table = call.state().newTable();
            for (long i = 0; i < count; i++) {
                Object key = value(depth + 1);
                Object value = value(depth + 1);
                if (key == null || key instanceof Double number && Double.isNaN(number)) {
                    throw badFormat();
                }
                table.set(key, value);
            }
            return table;
        }
    }
}

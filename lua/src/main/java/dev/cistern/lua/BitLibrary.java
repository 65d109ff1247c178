package dev.cistern.lua;

import java.util.function.IntBinaryOperator;

/** The library {@code bit}: operations on 32 bits, with the results of Lua BitOp. */
final class BitLibrary {
    /** Adding it leaves the nearest integer, modulo 2^32, in the low bits of the sum (2^52 + 2^51). */
    private static final double TO_LOW_BITS = 6755399441055744.0;

    private BitLibrary() {}

    static void open(LuaState state) {
        LuaTable library = Library.open(state, "bit", 16);
        Library.add(library, "tobit", call -> call.returns((double) bits(call, 1)));
        Library.add(library, "bnot", call -> call.returns((double) ~bits(call, 1)));
        Library.add(library, "bswap", call -> call.returns((double) Integer.reverseBytes(bits(call, 1))));
        Library.add(library, "tohex", BitLibrary::toHex);
        fold(library, "band", (a, b) -> a & b);
        fold(library, "bor", (a, b) -> a | b);
        fold(library, "bxor", (a, b) -> a ^ b);
        // Java takes a shift modulo 32, as BitOp does.
        shift(library, "lshift", (a, n) -> a << n);
        shift(library, "rshift", (a, n) -> a >>> n);
        shift(library, "arshift", (a, n) -> a >> n);
        shift(library, "rol", Integer::rotateLeft);
        shift(library, "ror", Integer::rotateRight);
    }

    private static int bits(LuaCall call, int index) {
        return (int) Double.doubleToRawLongBits(call.checkNumber(index) + TO_LOW_BITS);
    }

    private static void fold(LuaTable library, String name, IntBinaryOperator operation) {
        Library.add(library, name, call -> {
            int value = bits(call, 1);
            for (int i = 2; i <= call.count(); i++) {
                value = operation.applyAsInt(value, bits(call, i));
            }
            call.returns((double) value);
        });
    }

    private static void shift(LuaTable library, String name, IntBinaryOperator operation) {
        Library.add(library, name,
                call -> call.returns((double) operation.applyAsInt(bits(call, 1), bits(call, 2))));
    }

    /** The last digits, as many as the second argument says; capital letters when it is negative. */
    private static void toHex(LuaCall call) {
        int value = bits(call, 1);
        int wanted = call.arg(2) == null ? 8 : bits(call, 2);
        int digits = (int) Math.min(8, Math.abs((long) wanted));
        String text = "%08x".formatted(value).substring(8 - digits);
        call.returns(LuaString.of(wanted < 0 ? text.toUpperCase(java.util.Locale.ROOT) : text));
    }
}

package dev.cistern.lua;

import java.util.function.DoubleUnaryOperator;

/** The library {@code math}. Random numbers come from the state's {@link LuaRandom}. */
final class MathLibrary {
    private MathLibrary() {}

    static void open(LuaState state) {
        LuaTable library = Library.open(state, "math", 32);
        unary(library, "abs", Math::abs);
        unary(library, "acos", Math::acos);
        unary(library, "asin", Math::asin);
        unary(library, "atan", Math::atan);
        Library.add(library, "atan2", call -> call.returns(Math.atan2(call.checkNumber(1), call.checkNumber(2))));
        unary(library, "ceil", Math::ceil);
        unary(library, "cos", Math::cos);
        unary(library, "cosh", Math::cosh);
        unary(library, "deg", x -> x / (Math.PI / 180));
        unary(library, "exp", Math::exp);
        unary(library, "floor", Math::floor);
        Library.add(library, "fmod", MathLibrary::remainder);
        Library.add(library, "mod", MathLibrary::remainder);
        Library.add(library, "frexp", MathLibrary::frexp);
        Library.add(library, "ldexp", MathLibrary::ldexp);
        unary(library, "log", Math::log);
        unary(library, "log10", Math::log10);
        Library.add(library, "max", call -> extreme(call, true));
        Library.add(library, "min", call -> extreme(call, false));
        Library.add(library, "modf", MathLibrary::modf);
        Library.add(library, "pow",
                call -> call.returns(Metamethods.power(call.checkNumber(1), call.checkNumber(2))));
        unary(library, "rad", x -> x * (Math.PI / 180));
        Library.add(library, "random", MathLibrary::random);
        Library.add(library, "randomseed", call -> call.state().random.seed(call.checkInt(1)));
        unary(library, "sin", Math::sin);
        unary(library, "sinh", Math::sinh);
        unary(library, "sqrt", Math::sqrt);
        unary(library, "tan", Math::tan);
        unary(library, "tanh", Math::tanh);
        library.set("pi", Math.PI);
        library.set("huge", Double.POSITIVE_INFINITY);
    }

    private static void unary(LuaTable library, String name, DoubleUnaryOperator function) {
        Library.add(library, name, call -> call.returns(function.applyAsDouble(call.checkNumber(1))));
    }

    private static void remainder(LuaCall call) {
        call.returns(call.checkNumber(1) % call.checkNumber(2));
    }

    /** x = m * 2^e with m in [0.5, 1). */
    private static void frexp(LuaCall call) {
        double x = call.checkNumber(1);
        if (x == 0 || Double.isNaN(x) || Double.isInfinite(x)) {
            call.returns(x, 0.0);
            return;
        }
        int exponent = Math.getExponent(x) + 1;
        if (exponent <= Double.MIN_EXPONENT) {
            // A subnormal number: its exponent shows once it is scaled up.
            exponent = Math.getExponent(x * 0x1p54) + 1 - 54;
        }
        call.returns(Math.scalb(Math.scalb(x, -exponent / 2), -exponent - -exponent / 2), (double) exponent);
    }

    private static void ldexp(LuaCall call) {
        // Beyond this the result is zero or infinite anyway.
        int exponent = Math.clamp(call.checkLong(2) << 32 >> 32, -5_000, 5_000);
        call.returns(Math.scalb(call.checkNumber(1), exponent));
    }

    private static void modf(LuaCall call) {
        double x = call.checkNumber(1);
        double whole = x < 0 ? Math.ceil(x) : Math.floor(x);
        double fraction = Double.isInfinite(x) ? Math.copySign(0, x) : Math.copySign(x - whole, x);
        call.returns(whole, fraction);
    }

    private static void extreme(LuaCall call, boolean most) {
        double best = call.checkNumber(1);
        for (int i = 2; i <= call.count(); i++) {
            double candidate = call.checkNumber(i);
            if (most ? candidate > best : candidate < best) {
                best = candidate;
            }
        }
        call.returns(best);
    }

    private static void random(LuaCall call) {
        double value = call.state().random.next();
        switch (call.count()) {
            case 0 -> call.returns(value);
            case 1 -> {
                int upper = call.checkInt(1);
                if (upper < 1) {
                    throw call.argumentError(1, "interval is empty");
                }
                call.returns(Math.floor(value * upper) + 1);
            }
            case 2 -> {
                int lower = call.checkInt(1);
                int upper = call.checkInt(2);
                if (lower > upper) {
                    throw call.argumentError(2, "interval is empty");
                }
                call.returns(Math.floor(value * ((double) upper - lower + 1)) + lower);
            }
            default -> throw call.error("wrong number of arguments");
        }
    }
}

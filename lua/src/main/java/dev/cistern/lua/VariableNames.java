package dev.cistern.lua;

import org.jspecify.annotations.Nullable;

/**
 * Finds out, after an error, what the source calls the value in a register: by following the code up to the failing
 * instruction. Used for messages only.
 */
final class VariableNames {
    /** {@code kind} is local, global, field, method or upvalue. */
    record Name(String kind, String name) {
        @Override
        public String toString() {
            return kind + " '" + name + "'";
        }
    }

    private VariableNames() {}

    /** What the function is called that a frame is calling; null when the call has no name. */
    static @Nullable Name ofCallee(Frame frame) {
        Prototype prototype = frame.closure.prototype;
        int pc = frame.pc - 1;
        if (pc < 0) {
            return null;
        }
        long instruction = prototype.code[pc];
        return switch (Op.op(instruction)) {
            case Op.CALL, Op.TAILCALL, Op.TFORCALL -> of(prototype, pc, Op.a(instruction));
            default -> null;
        };
    }

    static @Nullable Name of(Prototype prototype, int pc, int register) {
        LuaString local = prototype.localName(register, pc);
        if (local != null) {
            return new Name("local", local.toString());
        }
        int setter = lastSetter(prototype, pc, register);
        if (setter < 0) {
            return null;
        }
        long instruction = prototype.code[setter];
        int b = Op.b(instruction);
        return switch (Op.op(instruction)) {
            case Op.MOVE -> b < Op.a(instruction) ? of(prototype, setter, b) : null;
            case Op.GETCELL -> of(prototype, setter, b);
            case Op.GETUPVAL -> new Name("upvalue", prototype.captures[b].name().toString());
            case Op.GETGLOBAL -> new Name("global", constant(prototype, instruction));
            case Op.GETFIELD -> new Name("field", constant(prototype, instruction));
            case Op.GETTABLE, Op.GETINT -> new Name("field", "?");
            case Op.SELF -> register == Op.a(instruction) ? new Name("method", constant(prototype, instruction)) : null;
            default -> null;
        };
    }

    private static String constant(Prototype prototype, long instruction) {
        return String.valueOf(prototype.constants[Op.c(instruction)]);
    }

    /** The instruction that gave a register its value before {@code end}; forward jumps are taken, as the original does. */
    private static int lastSetter(Prototype prototype, int end, int register) {
        int found = -1;
        for (int pc = 0; pc < end; pc++) {
            long instruction = prototype.code[pc];
            int op = Op.op(instruction);
            if (sets(op, instruction, register)) {
                found = pc;
            }
            if (op >= Op.JMP && op <= Op.JNGEK) {
                int target = Op.c(instruction);
                if (target > pc && target <= end) {
                    pc = target - 1;
                }
            }
        }
        return found;
    }

    private static boolean sets(int op, long instruction, int register) {
        int a = Op.a(instruction);
        return switch (op) {
            case Op.LOADNIL -> register >= a && register <= Op.b(instruction);
            case Op.SELF -> register == a || register == a + 1;
            case Op.CALL, Op.TAILCALL, Op.VARARG -> register >= a;
            case Op.TFORCALL -> register >= a + 2;
            case Op.FORLOOP, Op.FORPREP -> register >= a && register <= a + 3;
            case Op.SETUPVAL, Op.NEWCELL, Op.SETCELL, Op.SETGLOBAL, Op.SETTABLE, Op.SETFIELD, Op.SETINT, Op.SETLIST,
                    Op.TFORLOOP, Op.RETURN ->
                false;
            // A tested register has no name any more: it may come from either side of an and or an or.
            case Op.JT, Op.JF -> register == a;
            default -> (op < Op.JMP || op > Op.JNGEK) && register == a;
        };
    }
}

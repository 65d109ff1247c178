package dev.cistern.lua;

/**
 * The instructions of the machine.
 *
 * <pre>
 *   bit  0       8             24            40                    63
 *        | op 8  | A 16        | B 16        | C 24, signed        |
 * </pre>
 *
 * A is nearly always a register to write. R is a register, K a constant, pc an absolute place in the code. Comparisons
 * jump by themselves, so a condition is one instruction. The numbers are never persisted.
 */
final class Op {
    static final int MOVE = 0; // R[A] = R[B]
    static final int LOADK = 1; // R[A] = K[C]
    static final int LOADNIL = 2; // R[A..B] = nil
    static final int LOADBOOL = 3; // R[A] = B != 0
    static final int GETUPVAL = 4; // R[A] = upvalue B
    static final int SETUPVAL = 5; // upvalue B = R[A]
    static final int NEWCELL = 6; // R[A] = cell(R[A])
    static final int GETCELL = 7; // R[A] = content of cell R[B]
    static final int SETCELL = 8; // content of cell R[A] = R[B]
    static final int GETGLOBAL = 9; // R[A] = globals[K[C]]
    static final int SETGLOBAL = 10; // globals[K[C]] = R[A]
    static final int GETTABLE = 11; // R[A] = R[B][R[C]]
    static final int GETFIELD = 12; // R[A] = R[B][K[C]], a string
    static final int GETINT = 13; // R[A] = R[B][C]
    static final int SETTABLE = 14; // R[A][R[C]] = R[B]
    static final int SETFIELD = 15; // R[A][K[C]] = R[B], a string key
    static final int SETINT = 16; // R[A][C] = R[B]
    static final int NEWTABLE = 17; // R[A] = {}, room for B items and C fields
    static final int SELF = 18; // R[A+1] = R[B]; R[A] = R[B][K[C]]
    static final int SETLIST = 19; // R[A][C..] = R[A+1..A+B]; B = 0: up to the open end
    static final int ADD = 20; // R[A] = R[B] + R[C]
    static final int SUB = 21;
    static final int MUL = 22;
    static final int DIV = 23;
    static final int MOD = 24;
    static final int POW = 25;
    static final int ADDK = 26; // R[A] = R[B] + K[C]
    static final int SUBK = 27;
    static final int MULK = 28;
    static final int DIVK = 29;
    static final int MODK = 30;
    static final int POWK = 31;
    static final int UNM = 32; // R[A] = -R[B]
    static final int NOT = 33; // R[A] = not R[B]
    static final int LEN = 34; // R[A] = #R[B]
    static final int CONCAT = 35; // R[A] = R[B] .. ... .. R[B+C-1]
    static final int JMP = 36; // pc = C
    static final int JT = 37; // if R[A] then pc = C
    static final int JF = 38; // if not R[A] then pc = C
    static final int JEQ = 39; // if R[A] == R[B] then pc = C
    static final int JNE = 40;
    static final int JLT = 41;
    static final int JNLT = 42;
    static final int JLE = 43;
    static final int JNLE = 44;
    static final int JEQK = 45; // if R[A] == K[B] then pc = C
    static final int JNEK = 46;
    static final int JLTK = 47; // if R[A] < K[B] then pc = C, a number
    static final int JNLTK = 48;
    static final int JLEK = 49;
    static final int JNLEK = 50;
    static final int JGTK = 51; // if K[B] < R[A] then pc = C, a number
    static final int JNGTK = 52;
    static final int JGEK = 53;
    static final int JNGEK = 54;
    static final int FORPREP = 55; // checks R[A..A+2] (index, limit, step), R[A] -= step, pc = C
    static final int FORLOOP = 56; // R[A] += step; if within the limit: R[A+3] = R[A], pc = C
    static final int TFORCALL = 57; // R[A+3..A+2+B] = R[A](R[A+1], R[A+2])
    static final int TFORLOOP = 58; // if R[A+3] ~= nil then R[A+2] = R[A+3], pc = C
    static final int CLOSURE = 59; // R[A] = closure of child C
    static final int VARARG = 60; // R[A..A+B-2] = ...; B = 0: all, which leaves an open end
    static final int CALL = 61; // R[A..A+C-2] = R[A](R[A+1..A+B-1]); B = 0: up to the open end; C = 0: leaves one
    static final int TAILCALL = 62; // return R[A](R[A+1..A+B-1])
    static final int RETURN = 63; // return R[A..A+B-2]; B = 0: up to the open end

    static final int MAX_REGISTERS = 250;
    static final int MAX_B = 0xffff;
    static final int MAX_C = (1 << 23) - 1;

    private Op() {}

    static long encode(int op, int a, int b, int c) {
        return op | (long) a << 8 | (long) b << 24 | (long) c << 40;
    }

    static int op(long instruction) {
        return (int) instruction & 0xff;
    }

    static int a(long instruction) {
        return (int) (instruction >> 8) & 0xffff;
    }

    static int b(long instruction) {
        return (int) (instruction >>> 24) & 0xffff;
    }

    static int c(long instruction) {
        return (int) (instruction >> 40);
    }

    static long withC(long instruction, int c) {
        return instruction & 0xff_ffff_ffffL | (long) c << 40;
    }
}

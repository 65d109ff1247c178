package dev.cistern.lua;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The tree between {@link Parser} and {@link Compiler}. Names are already resolved to locals, upvalues and globals.
 *
 * <p>Only the leftmost child of an expression can nest without bound (a + b + c + ..., f()()()...); the parser bounds all
 * other nesting, so code that walks the tree loops along {@link Expr#leftmost} and may recurse elsewhere.
 */
final class Ast {
    private Ast() {}

    // ---- functions and variables

    static final class LocalVariable {
        final LuaString name;
        boolean captured;
        int register = -1;
        int startPc;

        LocalVariable(LuaString name) {
            this.name = name;
        }
    }

    /** An upvalue of a function: a captured local of the function around it, or an upvalue of that one. */
    record Upvalue(LuaString name, @Nullable LocalVariable local, int outerIndex) {}

    static final class FunctionBody {
        final int line;
        final List<LocalVariable> parameters = new ArrayList<>();
        final List<Upvalue> upvalues = new ArrayList<>();
        boolean vararg;
        /** The local {@code arg} of a vararg function; null in a main chunk. */
        @Nullable
        LocalVariable argTable;
        boolean usesDots;
        Block block = new Block(List.of());
        int endLine;

        FunctionBody(int line) {
            this.line = line;
        }
    }

    // ---- expressions

    sealed interface Expr {
        /** The operand that is evaluated first and may itself be as deep as the program is long. */
        default @Nullable Expr leftmost() {
            return null;
        }

        default boolean isOpen() {
            return false;
        }
    }

    /** nil, a boolean, a number or a string. */
    record Constant(@Nullable Object value) implements Expr {}

    record Dots() implements Expr {
        @Override
        public boolean isOpen() {
            return true;
        }
    }

    record FunctionExpr(FunctionBody body) implements Expr {}

    record LocalExpr(LocalVariable variable) implements Expr {}

    record UpvalueExpr(int index) implements Expr {}

    record GlobalExpr(LuaString name, int line) implements Expr {}

    record Index(Expr object, Expr key, int line) implements Expr {
        @Override
        public Expr leftmost() {
            return object;
        }
    }

    /** A call; with a {@code method} name the object is looked up in and passed along. */
    record Call(Expr function, @Nullable LuaString method, List<Expr> arguments, int line) implements Expr {
        @Override
        public Expr leftmost() {
            return function;
        }

        @Override
        public boolean isOpen() {
            return true;
        }
    }

    /** Parentheses, kept because they cut many results to one and cannot be assigned to. */
    record Paren(Expr inner) implements Expr {}

    enum BinaryOp {
        // Binding strengths to the left and right, as in the manual; right-associative ones bind weaker to the right.
        OR(1, 1), AND(2, 2), LT(3, 3), GT(3, 3), LE(3, 3), GE(3, 3), NE(3, 3), EQ(3, 3), CONCAT(5, 4), ADD(6, 6), SUB(6,
                6), MUL(7, 7), DIV(7, 7), MOD(7, 7), POW(10, 9);

        static final int UNARY_STRENGTH = 8;

        final int left;
        final int right;

        BinaryOp(int left, int right) {
            this.left = left;
            this.right = right;
        }

        boolean isArithmetic() {
            return this.compareTo(ADD) >= 0;
        }

        boolean isComparison() {
            return this.compareTo(LT) >= 0 && this.compareTo(EQ) <= 0;
        }
    }

    record Binary(BinaryOp op, Expr left, Expr right, int line) implements Expr {
        @Override
        public @Nullable Expr leftmost() {
            // Concatenations are gathered along their right side instead.
            return op == BinaryOp.CONCAT ? null : left;
        }
    }

    enum UnaryOp {
        NEGATE, NOT, LENGTH
    }

    record Unary(UnaryOp op, Expr operand, int line) implements Expr {}

    /** {@code key} is null for a list item. */
    record Field(@Nullable Expr key, Expr value) {}

    record TableExpr(List<Field> fields, int line) implements Expr {}

    // ---- statements

    sealed interface Stat {}

    record Block(List<Stat> statements) {}

    record LocalStat(List<LocalVariable> variables, List<Expr> values, int line) implements Stat {}

    record LocalFunctionStat(LocalVariable variable, FunctionBody body, int line) implements Stat {}

    record AssignStat(List<Expr> targets, List<Expr> values, int line) implements Stat {}

    record CallStat(Call call) implements Stat {}

    record DoStat(Block block) implements Stat {}

    record WhileStat(Expr condition, Block block, int endLine) implements Stat {}

    record RepeatStat(Block block, Expr condition, int line) implements Stat {}

    record Clause(Expr condition, Block block) {}

    record IfStat(List<Clause> clauses, @Nullable Block otherwise) implements Stat {}

    record NumericForStat(LocalVariable variable, Expr start, Expr limit, @Nullable Expr step, Block block,
            int line) implements Stat {}

    record GenericForStat(List<LocalVariable> variables, List<Expr> values, Block block, int line) implements Stat {}

    record ReturnStat(List<Expr> values, int line) implements Stat {}

    record BreakStat(int line) implements Stat {}
}

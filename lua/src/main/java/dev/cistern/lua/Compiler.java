package dev.cistern.lua;

import dev.cistern.lua.Ast.Binary;
import dev.cistern.lua.Ast.BinaryOp;
import dev.cistern.lua.Ast.Block;
import dev.cistern.lua.Ast.Call;
import dev.cistern.lua.Ast.Constant;
import dev.cistern.lua.Ast.Expr;
import dev.cistern.lua.Ast.FunctionBody;
import dev.cistern.lua.Ast.LocalVariable;
import dev.cistern.lua.Ast.Stat;
import dev.cistern.lua.Prototype.Capture;
import dev.cistern.lua.Prototype.LocalRange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tree to register code, one function at a time. Does not check anything that the {@link Parser} has checked.
 *
 * <p>Registers are a stack: active locals at the bottom, temporaries above. An expression is compiled along its leftmost
 * path in a loop ({@link #into}), because that path may be as long as the program; everything else recurses. While an
 * expression is under way, the register of an active local is written last of all, since the expression may read it.
 */
final class Compiler {
    /** List items that a constructor collects in registers before it stores them, as in the original. */
    private static final int ITEMS_PER_STORE = 50;

    private static final Object NIL_CONSTANT = new Object();

    private final String chunkName;
    private final FunctionBody body;

    private long[] code = new long[32];
    private int[] lines = new int[32];
    private int size;
    private int line;
    private final List<@Nullable Object> constants = new ArrayList<>();
    private final Map<Object, Integer> constantIndexes = new HashMap<>();
    private final List<Prototype> children = new ArrayList<>();
    private final List<LocalRange> ranges = new ArrayList<>();
    private final List<LocalVariable> active = new ArrayList<>();
    /** Registers below belong to active locals. */
    private int activeTop;
    /** The first register that holds nothing. */
    private int free;
    private int registerCount = 2;
    private final ArrayDeque<List<Integer>> breaks = new ArrayDeque<>();

    private Compiler(String chunkName, FunctionBody body) {
        this.chunkName = chunkName;
        this.body = body;
        this.line = body.line;
    }

    /** Compiles a chunk. Its name begins with {@code @} or {@code =}, or is the source text itself. */
    static Prototype compile(byte[] source, String chunkName) {
        return new Compiler(chunkName, Parser.parse(source, chunkName)).function();
    }

    private Prototype function() {
        for (LocalVariable parameter : body.parameters) {
            reserve(1);
            activate(parameter);
        }
        if (body.argTable != null) {
            reserve(1);
            activate(body.argTable);
        }
        block(body.block);
        line = body.endLine;
        emit(Op.RETURN, 0, 1, 0);
        deactivate(0);
        Capture[] captures = body.upvalues.stream().map(upvalue -> upvalue.local() == null
                ? new Capture(upvalue.name(), false, upvalue.outerIndex())
                : new Capture(upvalue.name(), true, upvalue.local().register)).toArray(Capture[]::new);
        return new Prototype(chunkName, body, Arrays.copyOf(code, size), Arrays.copyOf(lines, size),
                constants.toArray(), children.toArray(new Prototype[0]), captures, ranges.toArray(new LocalRange[0]),
                registerCount);
    }

    // ---- instructions

    private int emit(int op, int a, int b, int c) {
        if (size == code.length) {
            if (size >= Op.MAX_C) {
                throw tooComplex();
            }
            code = Arrays.copyOf(code, size * 2);
            lines = Arrays.copyOf(lines, size * 2);
        }
        code[size] = Op.encode(op, a, b, c);
        lines[size] = line;
        return size++;
    }

    private LuaError tooComplex() {
        String position = Lua.displayName(chunkName) + ":" + line + ": ";
        return new LuaError((Object) LuaString.of(position + "function or expression too complex"));
    }

    private void patch(int jump, int target) {
        code[jump] = Op.withC(code[jump], target);
    }

    private void patchHere(List<Integer> jumps) {
        for (int jump : jumps) {
            patch(jump, size);
        }
    }

    private int constant(@Nullable Object value) {
        Object key = value == null ? NIL_CONSTANT : value;
        Integer known = constantIndexes.get(key);
        if (known != null) {
            return known;
        }
        constants.add(value);
        constantIndexes.put(key, constants.size() - 1);
        return constants.size() - 1;
    }

    // ---- registers

    private int reserve(int count) {
        int first = free;
        free += count;
        if (free > Op.MAX_REGISTERS) {
            throw tooComplex();
        }
        registerCount = Math.max(registerCount, free);
        return first;
    }

    /** Makes the next register above the active locals, which must be reserved and filled, a local. */
    private void activate(LocalVariable variable) {
        variable.register = activeTop++;
        active.add(variable);
        if (variable.captured) {
            emit(Op.NEWCELL, variable.register, 0, 0);
        }
        variable.startPc = size;
    }

    private void deactivate(int count) {
        while (active.size() > count) {
            LocalVariable variable = active.removeLast();
            ranges.add(new LocalRange(variable.name, variable.register, variable.startPc, size));
            activeTop--;
        }
        free = activeTop;
    }

    private void activateHidden(String name) {
        activate(new LocalVariable(LuaString.of(name)));
    }

    // ---- statements

    private void block(Block block) {
        int outer = active.size();
        statements(block);
        deactivate(outer);
    }

    private void statements(Block block) {
        for (Stat statement : block.statements()) {
            statement(statement);
            free = activeTop;
        }
    }

    private void statement(Stat statement) {
        switch (statement) {
            case Ast.LocalStat local -> local(local);
            case Ast.LocalFunctionStat local -> localFunction(local);
            case Ast.AssignStat assign -> assign(assign);
            case Ast.CallStat(Call call) -> call(call, 0);
            case Ast.DoStat(Block inner) -> block(inner);
            case Ast.WhileStat loop -> whileLoop(loop);
            case Ast.RepeatStat loop -> repeatLoop(loop);
            case Ast.IfStat branches -> branches(branches);
            case Ast.NumericForStat loop -> numericFor(loop);
            case Ast.GenericForStat loop -> genericFor(loop);
            case Ast.ReturnStat returns -> returns(returns);
            case Ast.BreakStat leave -> {
                line = leave.line();
                breaks.element().add(emit(Op.JMP, 0, 0, 0));
            }
        }
    }

    private void local(Ast.LocalStat statement) {
        line = statement.line();
        values(statement.values(), statement.variables().size());
        statement.variables().forEach(this::activate);
    }

    private void localFunction(Ast.LocalFunctionStat statement) {
        line = statement.line();
        int register = reserve(1);
        if (statement.variable().captured) {
            // The function may refer to itself: the cell must exist before the closure.
            emit(Op.LOADNIL, register, register, 0);
            activate(statement.variable());
            int closure = reserve(1);
            closure(statement.body(), closure);
            emit(Op.SETCELL, register, closure, 0);
        } else {
            activate(statement.variable());
            closure(statement.body(), register);
        }
    }

    private void whileLoop(Ast.WhileStat loop) {
        int start = size;
        List<Integer> exits = new ArrayList<>();
        condition(loop.condition(), false, exits);
        breaks.push(new ArrayList<>());
        block(loop.block());
        line = loop.endLine();
        emit(Op.JMP, 0, 0, start);
        patchHere(exits);
        patchHere(breaks.pop());
    }

    private void repeatLoop(Ast.RepeatStat loop) {
        int start = size;
        int outer = active.size();
        breaks.push(new ArrayList<>());
        statements(loop.block());
        line = loop.line();
        List<Integer> again = new ArrayList<>();
        condition(loop.condition(), false, again);
        again.forEach(jump -> patch(jump, start));
        deactivate(outer);
        patchHere(breaks.pop());
    }

    private void branches(Ast.IfStat statement) {
        List<Integer> ends = new ArrayList<>();
        int last = statement.clauses().size() - 1;
        for (int i = 0; i <= last; i++) {
            Ast.Clause clause = statement.clauses().get(i);
            List<Integer> otherwise = new ArrayList<>();
            condition(clause.condition(), false, otherwise);
            block(clause.block());
            if (i < last || statement.otherwise() != null) {
                ends.add(emit(Op.JMP, 0, 0, 0));
            }
            patchHere(otherwise);
        }
        if (statement.otherwise() != null) {
            block(statement.otherwise());
        }
        patchHere(ends);
    }

    private void numericFor(Ast.NumericForStat loop) {
        line = loop.line();
        int outer = active.size();
        int index = reserve(1);
        into(loop.start(), index);
        into(loop.limit(), reserve(1));
        into(loop.step() == null ? new Constant(1.0) : loop.step(), reserve(1));
        line = loop.line();
        activateHidden("(for index)");
        activateHidden("(for limit)");
        activateHidden("(for step)");
        int prepare = emit(Op.FORPREP, index, 0, 0);
        int start = size;
        loopBody(List.of(loop.variable()), loop.block());
        line = loop.line();
        patch(prepare, size);
        emit(Op.FORLOOP, index, 0, start);
        deactivate(outer);
        patchHere(breaks.pop());
    }

    private void genericFor(Ast.GenericForStat loop) {
        line = loop.line();
        int outer = active.size();
        int generator = free;
        values(loop.values(), 3);
        line = loop.line();
        activateHidden("(for generator)");
        activateHidden("(for state)");
        activateHidden("(for control)");
        int prepare = emit(Op.JMP, 0, 0, 0);
        int start = size;
        loopBody(loop.variables(), loop.block());
        line = loop.line();
        patch(prepare, size);
        registerCount = Math.max(registerCount, generator + 6);
        emit(Op.TFORCALL, generator, loop.variables().size(), 0);
        emit(Op.TFORLOOP, generator, 0, start);
        deactivate(outer);
        patchHere(breaks.pop());
    }

    private void loopBody(List<LocalVariable> variables, Block block) {
        int outer = active.size();
        breaks.push(new ArrayList<>());
        reserve(variables.size());
        variables.forEach(this::activate);
        block(block);
        deactivate(outer);
    }

    private void returns(Ast.ReturnStat statement) {
        line = statement.line();
        List<Expr> values = statement.values();
        if (values.size() == 1 && values.getFirst() instanceof Call call) {
            int first = call(call, -1);
            // The call that ends a function replaces it.
            long instruction = code[size - 1];
            code[size - 1] = Op.encode(Op.TAILCALL, Op.a(instruction), Op.b(instruction), 0);
            emit(Op.RETURN, first, 0, 0);
        } else if (values.size() == 1 && !values.getFirst().isOpen()) {
            emit(Op.RETURN, operand(values.getFirst()), 2, 0);
        } else {
            int first = free;
            boolean open = openValues(values);
            emit(Op.RETURN, first, open ? 0 : values.size() + 1, 0);
        }
    }

    // ---- assignment

    /** A place to store to, with the registers of its table and key settled. */
    private record Place(Expr target, int object, int key) {}

    private void assign(Ast.AssignStat statement) {
        line = statement.line();
        List<Expr> targets = statement.targets();
        if (targets.size() == 1 && statement.values().size() == 1) {
            Expr value = statement.values().getFirst();
            if (targets.getFirst() instanceof Ast.LocalExpr(LocalVariable variable) && !variable.captured) {
                into(value, variable.register);
            } else {
                Place place = place(targets.getFirst(), false);
                store(place, operand(value));
            }
            return;
        }
        List<Place> places = new ArrayList<>();
        for (Expr target : targets) {
            places.add(place(target, true));
        }
        int first = free;
        values(statement.values(), targets.size());
        for (int i = targets.size() - 1; i >= 0; i--) {
            store(places.get(i), first + i);
        }
    }

    /** With {@code copied}, locals are copied: another target of the same assignment may be that very local. */
    private Place place(Expr target, boolean copied) {
        if (!(target instanceof Ast.Index index)) {
            return new Place(target, -1, -1);
        }
        int object = copied ? temporary(index.object()) : operand(index.object());
        if (fieldName(index.key()) != null || smallIndex(index.key()) > 0) {
            return new Place(target, object, -1);
        }
        return new Place(target, object, copied ? temporary(index.key()) : operand(index.key()));
    }

    private int temporary(Expr value) {
        int register = reserve(1);
        into(value, register);
        return register;
    }

    private void store(Place place, int value) {
        switch (place.target) {
            case Ast.LocalExpr(LocalVariable variable) ->
                emit(variable.captured ? Op.SETCELL : Op.MOVE, variable.register, value, 0);
            case Ast.UpvalueExpr(int index) -> emit(Op.SETUPVAL, value, index, 0);
            case Ast.GlobalExpr global -> emit(Op.SETGLOBAL, value, 0, constant(global.name()));
            case Ast.Index index -> storeField(place.object, index.key(), place.key, value);
            default -> throw new IllegalStateException("not assignable");
        }
    }

    private void storeField(int object, Expr key, int keyRegister, int value) {
        LuaString name = fieldName(key);
        if (name != null) {
            emit(Op.SETFIELD, object, value, constant(name));
        } else if (keyRegister < 0) {
            emit(Op.SETINT, object, value, smallIndex(key));
        } else {
            emit(Op.SETTABLE, object, value, keyRegister);
        }
    }

    private static @Nullable LuaString fieldName(Expr key) {
        return key instanceof Constant(LuaString name) ? name : null;
    }

    /** A constant key that fits an instruction, or 0. */
    private static int smallIndex(Expr key) {
        if (key instanceof Constant(Double number)) {
            int index = (int) number.doubleValue();
            return index == number && index > 0 && index <= Op.MAX_C ? index : 0;
        }
        return 0;
    }

    // ---- lists of values

    /** Exactly {@code wanted} values in the next registers. */
    private void values(List<Expr> expressions, int wanted) {
        int count = expressions.size();
        for (int i = 0; i < count; i++) {
            Expr expression = expressions.get(i);
            if (i == count - 1 && expression.isOpen() && wanted > count - 1) {
                open(expression, wanted - i);
                return;
            }
            int register = reserve(1);
            into(expression, register);
            if (i >= wanted) {
                // Evaluated for its effects alone.
                free = register;
            }
        }
        if (wanted > count) {
            int first = reserve(wanted - count);
            emit(Op.LOADNIL, first, first + wanted - count - 1, 0);
        }
    }

    /** All values in the next registers; true when the last one left an open end. */
    private boolean openValues(List<Expr> expressions) {
        for (int i = 0; i < expressions.size(); i++) {
            Expr expression = expressions.get(i);
            if (i == expressions.size() - 1 && expression.isOpen()) {
                open(expression, -1);
                return true;
            }
            into(expression, reserve(1));
        }
        return false;
    }

    /** A call or {@code ...} with so many results in the next registers; -1: all, an open end. */
    private void open(Expr expression, int wanted) {
        int first = free;
        if (expression instanceof Call call) {
            call(call, wanted);
        } else {
            emit(Op.VARARG, first, wanted + 1, 0);
        }
        free = first;
        reserve(Math.max(wanted, 1));
        free = first + Math.max(wanted, 0);
    }

    // ---- expressions

    /** A register that holds the value: that of the local itself, or a new one. */
    private int operand(Expr expression) {
        if (expression instanceof Ast.LocalExpr(LocalVariable variable) && !variable.captured) {
            return variable.register;
        }
        return temporary(expression);
    }

    /** The value in exactly this register, which is an active local's or the topmost reserved one. */
    private void into(Expr expression, int target) {
        Expr base = expression;
        ArrayDeque<Expr> path = new ArrayDeque<>();
        for (Expr left = base.leftmost(); left != null; left = base.leftmost()) {
            path.push(base);
            base = left;
        }
        if (path.isEmpty()) {
            base(base, target);
            return;
        }
        int saved = free;
        int scratch = target >= activeTop ? target : reserve(1);
        int floor = free;
        int value = scratch;
        if (base instanceof Ast.LocalExpr(LocalVariable variable) && !variable.captured) {
            value = variable.register;
        } else {
            base(base, scratch);
        }
        while (!path.isEmpty()) {
            Expr step = path.pop();
            boolean piecemeal = step instanceof Binary binary && binary.op().compareTo(BinaryOp.AND) <= 0;
            value = step(step, value, path.isEmpty() && !piecemeal ? target : scratch);
            free = Math.max(floor, value + 1);
        }
        if (value != target) {
            emit(Op.MOVE, target, value, 0);
        }
        free = saved;
    }

    /** One step up the leftmost path: {@code value} holds the left operand. Answers where the result is. */
    private int step(Expr step, int value, int target) {
        return switch (step) {
            case Ast.Index index -> {
                index(index, value, target);
                yield target;
            }
            case Call call -> call(call, value, 1);
            case Binary binary -> {
                binary(binary, value, target);
                yield target;
            }
            default -> throw new IllegalStateException("not on a leftmost path");
        };
    }

    private void index(Ast.Index index, int object, int target) {
        LuaString name = fieldName(index.key());
        int small = smallIndex(index.key());
        int key = name == null && small == 0 ? operand(index.key()) : -1;
        line = index.line();
        if (name != null) {
            emit(Op.GETFIELD, target, object, constant(name));
        } else if (small > 0) {
            emit(Op.GETINT, target, object, small);
        } else {
            emit(Op.GETTABLE, target, object, key);
        }
    }

    private void binary(Binary binary, int left, int target) {
        BinaryOp op = binary.op();
        if (op.isArithmetic()) {
            int plain = Op.ADD + op.ordinal() - BinaryOp.ADD.ordinal();
            if (binary.right() instanceof Constant(Double number)) {
                line = binary.line();
                emit(plain + Op.ADDK - Op.ADD, target, left, constant(number));
            } else {
                int right = operand(binary.right());
                line = binary.line();
                emit(plain, target, left, right);
            }
        } else if (op.isComparison()) {
            int whenTrue = comparison(op, left, binary.right(), true, binary.line());
            emit(Op.LOADBOOL, target, 0, 0);
            int end = emit(Op.JMP, 0, 0, 0);
            patch(whenTrue, size);
            emit(Op.LOADBOOL, target, 1, 0);
            patch(end, size);
        } else {
            if (left != target) {
                emit(Op.MOVE, target, left, 0);
            }
            int decided = emit(op == BinaryOp.AND ? Op.JF : Op.JT, target, 0, 0);
            into(binary.right(), target);
            patch(decided, size);
        }
    }

    private void base(Expr expression, int target) {
        switch (expression) {
            case Constant(Object value) -> constantInto(value, target);
            case Ast.Dots dots -> emit(Op.VARARG, target, 2, 0);
            case Ast.FunctionExpr(FunctionBody inner) -> closure(inner, target);
            case Ast.LocalExpr(LocalVariable variable) -> {
                if (variable.captured) {
                    emit(Op.GETCELL, target, variable.register, 0);
                } else if (variable.register != target) {
                    emit(Op.MOVE, target, variable.register, 0);
                }
            }
            case Ast.UpvalueExpr(int index) -> emit(Op.GETUPVAL, target, index, 0);
            case Ast.GlobalExpr global -> {
                line = global.line();
                emit(Op.GETGLOBAL, target, 0, constant(global.name()));
            }
            case Ast.Paren(Expr inner) -> into(inner, target);
            case Ast.Unary unary -> unary(unary, target);
            case Ast.TableExpr table -> table(table, target);
            case Binary concat -> concat(concat, target);
            default -> throw new IllegalStateException("has a left operand");
        }
    }

    private void constantInto(@Nullable Object value, int target) {
        if (value == null) {
            emit(Op.LOADNIL, target, target, 0);
        } else if (value instanceof Boolean truth) {
            emit(Op.LOADBOOL, target, truth ? 1 : 0, 0);
        } else {
            emit(Op.LOADK, target, 0, constant(value));
        }
    }

    private void unary(Ast.Unary unary, int target) {
        int saved = free;
        int operand = operand(unary.operand());
        line = unary.line();
        int op = switch (unary.op()) {
            case NEGATE -> Op.UNM;
            case NOT -> Op.NOT;
            case LENGTH -> Op.LEN;
        };
        emit(op, target, operand, 0);
        free = saved;
    }

    private void concat(Binary concat, int target) {
        int saved = free;
        int first = free;
        Expr rest = concat;
        while (rest instanceof Binary part && part.op() == BinaryOp.CONCAT) {
            into(part.left(), reserve(1));
            rest = part.right();
        }
        into(rest, reserve(1));
        line = concat.line();
        emit(Op.CONCAT, target, first, free - first);
        free = saved;
    }

    private void closure(FunctionBody inner, int target) {
        children.add(new Compiler(chunkName, inner).function());
        line = inner.endLine;
        emit(Op.CLOSURE, target, 0, children.size() - 1);
    }

    private void table(Ast.TableExpr table, int target) {
        int saved = free;
        int register = target >= activeTop && target == free - 1 ? target : reserve(1);
        line = table.line();
        int at = emit(Op.NEWTABLE, register, 0, 0);
        int items = 0;
        int fields = 0;
        int pending = 0;
        List<Ast.Field> all = table.fields();
        for (int i = 0; i < all.size(); i++) {
            Ast.Field field = all.get(i);
            if (field.key() != null) {
                fields++;
                int top = free;
                field(register, field.key(), field.value());
                free = top;
                continue;
            }
            if (pending == ITEMS_PER_STORE) {
                storeItems(register, pending, items);
                pending = 0;
            }
            if (i == all.size() - 1 && field.value().isOpen()) {
                open(field.value(), -1);
                emit(Op.SETLIST, register, 0, items - pending + 1);
                pending = 0;
            } else {
                into(field.value(), reserve(1));
                pending++;
                items++;
            }
        }
        storeItems(register, pending, items);
        code[at] = Op.encode(Op.NEWTABLE, register, Math.min(roundedUp(items), Op.MAX_B), roundedUp(fields));
        if (register != target) {
            emit(Op.MOVE, target, register, 0);
        }
        free = saved;
    }

    private void field(int table, Expr key, Expr value) {
        int keyRegister = fieldName(key) != null || smallIndex(key) > 0 ? -1 : operand(key);
        storeField(table, key, keyRegister, operand(value));
    }

    private void storeItems(int table, int pending, int stored) {
        if (pending > 0) {
            emit(Op.SETLIST, table, pending, stored - pending + 1);
            free = table + 1;
        }
    }

    /** The original keeps sizes in a byte, three bits of it mantissa; it shows in where {@code #} finds a border. */
    private static int roundedUp(int size) {
        int mantissa = size;
        int exponent = 0;
        while (mantissa >= 16) {
            mantissa = (mantissa + 1) >> 1;
            exponent++;
        }
        return mantissa << exponent;
    }

    // ---- calls

    /** A call with its results in the next registers, of which it answers the first. */
    private int call(Call call, int wanted) {
        return call(call, operand(call.function()), wanted);
    }

    /** As above, when the function (or the object of a method) is already in a register. */
    private int call(Call call, int function, int wanted) {
        int first = function >= activeTop && function == free - 1 ? function : reserve(1);
        if (call.method() != null) {
            reserve(1);
            line = call.line();
            emit(Op.SELF, first, function, constant(call.method()));
        } else if (first != function) {
            emit(Op.MOVE, first, function, 0);
        }
        boolean open = openValues(call.arguments());
        int count = free - first - 1;
        line = call.line();
        emit(Op.CALL, first, open ? 0 : count + 1, wanted + 1);
        free = first + 1;
        return first;
    }

    // ---- conditions

    /** Jumps that the caller patches are taken when the truth of the expression is {@code when}. */
    private void condition(Expr expression, boolean when, List<Integer> jumps) {
        int saved = free;
        switch (expression) {
            case Ast.Paren(Expr inner) when !inner.isOpen() -> condition(inner, when, jumps);
            case Ast.Unary(Ast.UnaryOp op, Expr operand, int at) when op == Ast.UnaryOp.NOT ->
                condition(operand, !when, jumps);
            case Constant(Object value) -> {
                if (Lua.isTrue(value) == when) {
                    jumps.add(emit(Op.JMP, 0, 0, 0));
                }
            }
            case Binary binary when binary.op() == BinaryOp.AND || binary.op() == BinaryOp.OR ->
                junction(binary, when, jumps);
            case Binary binary when binary.op().isComparison() -> {
                int left = operand(binary.left());
                jumps.add(comparison(binary.op(), left, binary.right(), when, binary.line()));
            }
            default -> jumps.add(emit(when ? Op.JT : Op.JF, operand(expression), 0, 0));
        }
        free = saved;
    }

    /** A chain of {@code and} or of {@code or}, gathered along the left so that its length costs no stack. */
    private void junction(Binary chain, boolean when, List<Integer> jumps) {
        ArrayDeque<Expr> terms = new ArrayDeque<>();
        Expr rest = chain;
        while (rest instanceof Binary binary && binary.op() == chain.op()) {
            terms.push(binary.right());
            rest = binary.left();
        }
        terms.push(rest);
        boolean decides = chain.op() == BinaryOp.OR;
        List<Integer> decided = decides == when ? jumps : new ArrayList<>();
        while (terms.size() > 1) {
            condition(terms.pop(), decides, decided);
        }
        condition(terms.pop(), when, jumps);
        if (decides != when) {
            patchHere(decided);
        }
    }

    /** A compare-and-jump; answers its place for patching. */
    private int comparison(BinaryOp op, int left, Expr right, boolean when, int at) {
        int index = right instanceof Constant(Object value) && comparesWithConstant(op, value)
                ? constant(value)
                : Op.MAX_B + 1;
        if (index <= Op.MAX_B) {
            line = at;
            return emit(constantJump(op, when), left, index, 0);
        }
        int register = operand(right);
        line = at;
        return switch (op) {
            case EQ -> emit(when ? Op.JEQ : Op.JNE, left, register, 0);
            case NE -> emit(when ? Op.JNE : Op.JEQ, left, register, 0);
            case LT -> emit(when ? Op.JLT : Op.JNLT, left, register, 0);
            case LE -> emit(when ? Op.JLE : Op.JNLE, left, register, 0);
            // As in the original, a > b is b < a, also to metamethods and in messages.
            case GT -> emit(when ? Op.JLT : Op.JNLT, register, left, 0);
            default -> emit(when ? Op.JLE : Op.JNLE, register, left, 0);
        };
    }

    private static boolean comparesWithConstant(BinaryOp op, @Nullable Object value) {
        return value instanceof Double || op == BinaryOp.EQ || op == BinaryOp.NE;
    }

    private static int constantJump(BinaryOp op, boolean when) {
        return switch (op) {
            case EQ -> when ? Op.JEQK : Op.JNEK;
            case NE -> when ? Op.JNEK : Op.JEQK;
            case LT -> when ? Op.JLTK : Op.JNLTK;
            case LE -> when ? Op.JLEK : Op.JNLEK;
            case GT -> when ? Op.JGTK : Op.JNGTK;
            default -> when ? Op.JGEK : Op.JNGEK;
        };
    }
}

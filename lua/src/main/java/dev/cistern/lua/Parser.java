package dev.cistern.lua;

import dev.cistern.lua.Ast.BinaryOp;
import dev.cistern.lua.Ast.Block;
import dev.cistern.lua.Ast.Call;
import dev.cistern.lua.Ast.Constant;
import dev.cistern.lua.Ast.Expr;
import dev.cistern.lua.Ast.FunctionBody;
import dev.cistern.lua.Ast.LocalVariable;
import dev.cistern.lua.Ast.Paren;
import dev.cistern.lua.Ast.Stat;
import dev.cistern.lua.Ast.UnaryOp;
import dev.cistern.lua.Ast.Upvalue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Source text to tree, by recursive descent over the grammar of the manual. Resolves names on the way, because by the
 * end of a function every captured local must be known. Makes no code.
 *
 * <p>Nesting is bounded by {@link #MAX_NESTING}, so no source can exhaust the Java stack.
 */
final class Parser {
    private static final int MAX_NESTING = 200;
    private static final int MAX_LOCALS = 200;
    private static final int MAX_UPVALUES = 60;

    private final Lexer lexer;
    private Scope scope;
    private int nesting;

    /** One function under construction: its visible locals and how many belong to each open block. */
    private static final class Scope {
        final @Nullable Scope outer;
        final FunctionBody body;
        final List<LocalVariable> visible = new ArrayList<>();
        final ArrayDeque<Integer> blockStarts = new ArrayDeque<>();
        int loops;

        Scope(@Nullable Scope outer, FunctionBody body) {
            this.outer = outer;
            this.body = body;
        }

        @Nullable
        LocalVariable findLocal(LuaString name) {
            for (int i = visible.size() - 1; i >= 0; i--) {
                if (visible.get(i).name.equals(name)) {
                    return visible.get(i);
                }
            }
            return null;
        }
    }

    private Parser(Lexer lexer) {
        this.lexer = lexer;
        FunctionBody main = new FunctionBody(0);
        main.vararg = true;
        scope = new Scope(null, main);
    }

    /** The body of the main function of a chunk. */
    static FunctionBody parse(byte[] source, String chunkName) {
        Parser parser = new Parser(new Lexer(source, chunkName));
        parser.lexer.next();
        FunctionBody main = parser.scope.body;
        main.block = parser.block();
        if (parser.lexer.token != Lexer.EOF) {
            throw parser.expected(Lexer.EOF);
        }
        main.endLine = parser.lexer.line;
        return main;
    }

    // ---- tokens

    private LuaError expected(int token) {
        return lexer.errorNear("'" + Lexer.spelling(token) + "' expected");
    }

    private boolean accept(int token) {
        if (lexer.token != token) {
            return false;
        }
        lexer.next();
        return true;
    }

    private void expect(int token) {
        if (!accept(token)) {
            throw expected(token);
        }
    }

    private void expectClosing(int token, int opening, int line) {
        if (lexer.token == token) {
            lexer.next();
        } else if (line == lexer.line) {
            throw expected(token);
        } else {
            throw lexer.errorNear("'%s' expected (to close '%s' at line %d)".formatted(Lexer.spelling(token),
                    Lexer.spelling(opening), line));
        }
    }

    private LuaString name() {
        if (lexer.token != Lexer.NAME) {
            throw expected(Lexer.NAME);
        }
        LuaString name = lexer.text;
        lexer.next();
        return name;
    }

    private void enter() {
        if (++nesting > MAX_NESTING) {
            throw lexer.error("chunk has too many syntax levels");
        }
    }

    private void leave() {
        nesting--;
    }

    // ---- variables

    private LocalVariable declare(LuaString name) {
        LocalVariable variable = new LocalVariable(name);
        declare(variable);
        return variable;
    }

    private void declare(LocalVariable variable) {
        scope.visible.add(variable);
        requireAtMost(scope.visible.size(), MAX_LOCALS, "local variables");
    }

    private void requireAtMost(int count, int limit, String what) {
        if (count > limit) {
            int line = scope.body.line;
            String where = line == 0 ? "main function" : "function at line " + line;
            throw lexer.error("%s has more than %d %s".formatted(where, limit, what));
        }
    }

    private Expr variable(LuaString name, int line) {
        LocalVariable local = scope.findLocal(name);
        if (local != null) {
            return new Ast.LocalExpr(local);
        }
        int upvalue = upvalueIndex(scope, name);
        return upvalue >= 0 ? new Ast.UpvalueExpr(upvalue) : new Ast.GlobalExpr(name, line);
    }

    /** Index among the upvalues of {@code inner} of a variable of a function around it; -1 for a global. */
    private int upvalueIndex(Scope inner, LuaString name) {
        List<Upvalue> upvalues = inner.body.upvalues;
        Scope outer = inner.outer;
        if (outer == null) {
            return -1;
        }
        LocalVariable local = outer.findLocal(name);
        int outerIndex = -1;
        if (local != null) {
            local.captured = true;
        } else {
            outerIndex = upvalueIndex(outer, name);
            if (outerIndex < 0) {
                return -1;
            }
        }
        Upvalue wanted = new Upvalue(name, local, outerIndex);
        for (int i = 0; i < upvalues.size(); i++) {
            Upvalue known = upvalues.get(i);
            if (known.local() == local && known.outerIndex() == outerIndex) {
                return i;
            }
        }
        upvalues.add(wanted);
        requireAtMost(upvalues.size(), MAX_UPVALUES, "upvalues");
        return upvalues.size() - 1;
    }

    // ---- blocks and statements

    private void openScope() {
        scope.blockStarts.push(scope.visible.size());
    }

    private void closeScope() {
        int start = scope.blockStarts.pop();
        scope.visible.subList(start, scope.visible.size()).clear();
    }

    private boolean atBlockEnd() {
        return switch (lexer.token) {
            case Lexer.ELSE, Lexer.ELSEIF, Lexer.END, Lexer.EOF, Lexer.UNTIL -> true;
            default -> false;
        };
    }

    private Block block() {
        openScope();
        Block block = statements();
        closeScope();
        return block;
    }

    /** The statements of a block whose scope the caller opened. */
    private Block statements() {
        enter();
        List<Stat> statements = new ArrayList<>();
        boolean last = false;
        while (!last && !atBlockEnd()) {
            last = lexer.token == Lexer.RETURN || lexer.token == Lexer.BREAK;
            statements.add(statement());
            accept(';');
        }
        leave();
        return new Block(statements);
    }

    private Stat statement() {
        int line = lexer.line;
        return switch (lexer.token) {
            case Lexer.IF -> ifStatement(line);
            case Lexer.WHILE -> whileStatement(line);
            case Lexer.DO -> doStatement(line);
            case Lexer.FOR -> forStatement(line);
            case Lexer.REPEAT -> repeatStatement(line);
            case Lexer.FUNCTION -> functionStatement(line);
            case Lexer.LOCAL -> {
                lexer.next();
                yield accept(Lexer.FUNCTION) ? localFunction(line) : localStatement(line);
            }
            case Lexer.RETURN -> returnStatement(line);
            case Lexer.BREAK -> breakStatement(line);
            default -> expressionStatement(line);
        };
    }

    private Stat ifStatement(int line) {
        List<Ast.Clause> clauses = new ArrayList<>();
        do {
            lexer.next();
            Expr condition = expression();
            expect(Lexer.THEN);
            clauses.add(new Ast.Clause(condition, block()));
        } while (lexer.token == Lexer.ELSEIF);
        Block otherwise = accept(Lexer.ELSE) ? block() : null;
        expectClosing(Lexer.END, Lexer.IF, line);
        return new Ast.IfStat(clauses, otherwise);
    }

    private Stat whileStatement(int line) {
        lexer.next();
        Expr condition = expression();
        expect(Lexer.DO);
        Block block = loopBlock();
        int endLine = lexer.line;
        expectClosing(Lexer.END, Lexer.WHILE, line);
        return new Ast.WhileStat(condition, block, endLine);
    }

    private Block loopBlock() {
        scope.loops++;
        Block block = block();
        scope.loops--;
        return block;
    }

    private Stat doStatement(int line) {
        lexer.next();
        Block block = block();
        expectClosing(Lexer.END, Lexer.DO, line);
        return new Ast.DoStat(block);
    }

    private Stat repeatStatement(int line) {
        lexer.next();
        openScope();
        scope.loops++;
        Block block = statements();
        scope.loops--;
        expectClosing(Lexer.UNTIL, Lexer.REPEAT, line);
        // The condition sees the locals of the block.
        Expr condition = expression();
        closeScope();
        return new Ast.RepeatStat(block, condition, lexer.lastLine);
    }

    private Stat forStatement(int line) {
        lexer.next();
        LuaString first = name();
        Stat loop = switch (lexer.token) {
            case '=' -> numericFor(first, line);
            case ',', Lexer.IN -> genericFor(first);
            default -> throw lexer.errorNear("'=' or 'in' expected");
        };
        expectClosing(Lexer.END, Lexer.FOR, line);
        return loop;
    }

    private Stat numericFor(LuaString name, int line) {
        lexer.next();
        Expr start = expression();
        expect(',');
        Expr limit = expression();
        Expr step = accept(',') ? expression() : null;
        expect(Lexer.DO);
        LocalVariable variable = new LocalVariable(name);
        Block block = forBlock(List.of(variable));
        return new Ast.NumericForStat(variable, start, limit, step, block, line);
    }

    private Stat genericFor(LuaString first) {
        List<LocalVariable> variables = new ArrayList<>();
        variables.add(new LocalVariable(first));
        while (accept(',')) {
            variables.add(new LocalVariable(name()));
        }
        expect(Lexer.IN);
        int valuesLine = lexer.line;
        List<Expr> values = expressions();
        expect(Lexer.DO);
        return new Ast.GenericForStat(variables, values, forBlock(variables), valuesLine);
    }

    /** The body of a for loop. The machine's own three registers count as locals. */
    private Block forBlock(List<LocalVariable> variables) {
        openScope();
        for (String hidden : new String[]{"(for generator)", "(for state)", "(for control)"}) {
            declare(LuaString.of(hidden));
        }
        variables.forEach(this::declare);
        Block block = loopBlock();
        closeScope();
        return block;
    }

    private Stat functionStatement(int line) {
        lexer.next();
        int nameLine = lexer.line;
        Expr target = variable(name(), nameLine);
        boolean method = false;
        while (lexer.token == '.' || lexer.token == ':') {
            method = lexer.token == ':';
            lexer.next();
            LuaString key = name();
            target = new Ast.Index(target, new Constant(key), lexer.lastLine);
            if (method) {
                break;
            }
        }
        FunctionBody body = functionBody(method, line);
        return new Ast.AssignStat(List.of(target), List.of(new Ast.FunctionExpr(body)), line);
    }

    private Stat localFunction(int line) {
        LocalVariable variable = declare(name());
        return new Ast.LocalFunctionStat(variable, functionBody(false, lexer.line), line);
    }

    private Stat localStatement(int line) {
        List<LocalVariable> variables = new ArrayList<>();
        do {
            variables.add(new LocalVariable(name()));
            requireAtMost(scope.visible.size() + variables.size(), MAX_LOCALS, "local variables");
        } while (accept(','));
        List<Expr> values = accept('=') ? expressions() : List.of();
        variables.forEach(this::declare);
        return new Ast.LocalStat(variables, values, line);
    }

    private Stat returnStatement(int line) {
        lexer.next();
        List<Expr> values = atBlockEnd() || lexer.token == ';' ? List.of() : expressions();
        return new Ast.ReturnStat(values, line);
    }

    private Stat breakStatement(int line) {
        lexer.next();
        if (scope.loops == 0) {
            throw lexer.errorNear("no loop to break");
        }
        return new Ast.BreakStat(line);
    }

    private Stat expressionStatement(int line) {
        Expr first = suffixed();
        if (first instanceof Call call) {
            return new Ast.CallStat(call);
        }
        List<Expr> targets = new ArrayList<>();
        targets.add(first);
        requireAssignable(first);
        while (accept(',')) {
            Expr target = suffixed();
            requireAssignable(target);
            targets.add(target);
            if (targets.size() > MAX_NESTING - nesting) {
                requireAtMost(targets.size(), MAX_NESTING - nesting, "variables in assignment");
            }
        }
        expect('=');
        return new Ast.AssignStat(targets, expressions(), line);
    }

    private void requireAssignable(Expr target) {
        if (!(target instanceof Ast.LocalExpr || target instanceof Ast.UpvalueExpr || target instanceof Ast.GlobalExpr
                || target instanceof Ast.Index)) {
            throw lexer.errorNear("syntax error");
        }
    }

    // ---- expressions

    private List<Expr> expressions() {
        List<Expr> list = new ArrayList<>();
        do {
            list.add(expression());
        } while (accept(','));
        return list;
    }

    private Expr expression() {
        return expression(0);
    }

    /** An expression of operators that bind stronger than {@code strength}. */
    private Expr expression(int strength) {
        enter();
        Expr left = operand();
        BinaryOp op = binaryOp(lexer.token);
        while (op != null && op.left > strength) {
            lexer.next();
            Expr right = expression(op.right);
            left = binary(op, left, right);
            op = binaryOp(lexer.token);
        }
        leave();
        return left;
    }

    private Expr binary(BinaryOp op, Expr left, Expr right) {
        if (op.isArithmetic() && numeral(left) instanceof Double x && numeral(right) instanceof Double y) {
            boolean byZero = (op == BinaryOp.DIV || op == BinaryOp.MOD) && y == 0;
            double folded = byZero ? Double.NaN : Metamethods.arithmetic(op, x, y);
            // What is not a number is left to run time, as is division by zero.
            if (!Double.isNaN(folded)) {
                return new Constant(folded);
            }
        }
        boolean decidedByRight = left instanceof Constant(Object value)
                && (op == BinaryOp.OR && !Lua.isTrue(value) || op == BinaryOp.AND && Lua.isTrue(value));
        if (decidedByRight) {
            return right.isOpen() ? new Paren(right) : right;
        }
        return new Ast.Binary(op, left, right, lexer.lastLine);
    }

    private static @Nullable Double numeral(Expr expr) {
        return expr instanceof Constant(Double number) ? number : null;
    }

    private static @Nullable BinaryOp binaryOp(int token) {
        return switch (token) {
            case Lexer.OR -> BinaryOp.OR;
            case Lexer.AND -> BinaryOp.AND;
            case '<' -> BinaryOp.LT;
            case '>' -> BinaryOp.GT;
            case Lexer.LE -> BinaryOp.LE;
            case Lexer.GE -> BinaryOp.GE;
            case Lexer.NE -> BinaryOp.NE;
            case Lexer.EQ -> BinaryOp.EQ;
            case Lexer.CONCAT -> BinaryOp.CONCAT;
            case '+' -> BinaryOp.ADD;
            case '-' -> BinaryOp.SUB;
            case '*' -> BinaryOp.MUL;
            case '/' -> BinaryOp.DIV;
            case '%' -> BinaryOp.MOD;
            case '^' -> BinaryOp.POW;
            default -> null;
        };
    }

    private Expr operand() {
        UnaryOp op = switch (lexer.token) {
            case Lexer.NOT -> UnaryOp.NOT;
            case '-' -> UnaryOp.NEGATE;
            case '#' -> UnaryOp.LENGTH;
            default -> null;
        };
        if (op == null) {
            return simple();
        }
        lexer.next();
        Expr operand = expression(BinaryOp.UNARY_STRENGTH);
        if (op == UnaryOp.NEGATE && numeral(operand) instanceof Double number && !Double.isNaN(number)) {
            return new Constant(-number);
        }
        return new Ast.Unary(op, operand, lexer.lastLine);
    }

    private Expr simple() {
        Expr value = switch (lexer.token) {
            case Lexer.NUMBER -> new Constant(lexer.number);
            case Lexer.STRING -> new Constant(lexer.text);
            case Lexer.NIL -> new Constant(null);
            case Lexer.TRUE -> new Constant(true);
            case Lexer.FALSE -> new Constant(false);
            case Lexer.DOTS -> dots();
            default -> null;
        };
        if (value != null) {
            lexer.next();
            return value;
        }
        if (lexer.token == '{') {
            return table();
        }
        if (accept(Lexer.FUNCTION)) {
            return new Ast.FunctionExpr(functionBody(false, lexer.line));
        }
        return suffixed();
    }

    private Expr dots() {
        if (!scope.body.vararg) {
            throw lexer.errorNear("cannot use '...' outside a vararg function");
        }
        scope.body.usesDots = true;
        return new Ast.Dots();
    }

    private Expr primary() {
        int line = lexer.line;
        if (lexer.token == Lexer.NAME) {
            return variable(name(), line);
        }
        if (accept('(')) {
            Expr inner = expression();
            expectClosing(')', '(', line);
            return new Paren(inner);
        }
        throw lexer.errorNear("unexpected symbol");
    }

    private Expr suffixed() {
        Expr value = primary();
        for (;;) {
            switch (lexer.token) {
                case '.' -> {
                    lexer.next();
                    LuaString key = name();
                    value = new Ast.Index(value, new Constant(key), lexer.lastLine);
                }
                case '[' -> {
                    lexer.next();
                    Expr key = expression();
                    expect(']');
                    value = new Ast.Index(value, key, lexer.lastLine);
                }
                case ':' -> {
                    lexer.next();
                    LuaString method = name();
                    value = call(value, method);
                }
                case '(', Lexer.STRING, '{' -> value = call(value, null);
                default -> {
                    return value;
                }
            }
        }
    }

    private Call call(Expr function, @Nullable LuaString method) {
        int line = lexer.line;
        List<Expr> arguments;
        switch (lexer.token) {
            case '(' -> {
                if (line != lexer.lastLine) {
                    throw lexer.errorNear("ambiguous syntax (function call x new statement)");
                }
                lexer.next();
                arguments = lexer.token == ')' ? List.of() : expressions();
                expectClosing(')', '(', line);
            }
            case '{' -> arguments = List.of(table());
            case Lexer.STRING -> {
                arguments = List.of(new Constant(lexer.text));
                lexer.next();
            }
            default -> throw lexer.errorNear("function arguments expected");
        }
        return new Call(function, method, arguments, line);
    }

    private Expr table() {
        int line = lexer.line;
        expect('{');
        List<Ast.Field> fields = new ArrayList<>();
        while (lexer.token != '}') {
            fields.add(field());
            if (!accept(',') && !accept(';')) {
                break;
            }
        }
        expectClosing('}', '{', line);
        return new Ast.TableExpr(fields, line);
    }

    private Ast.Field field() {
        if (lexer.token == Lexer.NAME && lexer.peek() == '=') {
            Constant key = new Constant(name());
            lexer.next();
            return new Ast.Field(key, expression());
        }
        if (accept('[')) {
            Expr key = expression();
            expect(']');
            expect('=');
            return new Ast.Field(key, expression());
        }
        return new Ast.Field(null, expression());
    }

    private FunctionBody functionBody(boolean method, int line) {
        FunctionBody body = new FunctionBody(line);
        scope = new Scope(scope, body);
        openScope();
        expect('(');
        if (method) {
            body.parameters.add(declare(LuaString.of("self")));
        }
        if (lexer.token != ')') {
            parameters(body);
        }
        expect(')');
        body.block = statements();
        closeScope();
        body.endLine = lexer.line;
        expectClosing(Lexer.END, Lexer.FUNCTION, line);
        scope = java.util.Objects.requireNonNull(scope.outer);
        return body;
    }

    private void parameters(FunctionBody body) {
        do {
            if (accept(Lexer.DOTS)) {
                body.vararg = true;
                body.argTable = declare(LuaString.of("arg"));
                return;
            }
            if (lexer.token != Lexer.NAME) {
                throw lexer.errorNear("<name> or '...' expected");
            }
            body.parameters.add(declare(name()));
        } while (accept(','));
    }
}

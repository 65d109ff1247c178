package dev.cistern.lua;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** What hosts rely on: calls in and out, errors, reuse, and a machine that the JVM can compile. */
final class MachineTest {

    private static @Nullable Object[] run(LuaState state, String script, @Nullable Object... arguments) {
        return state.run(state.load(script.getBytes(UTF_8), "@host"), arguments);
    }

    /** HotSpot never compiles a method of 8,000 bytes or more (HugeMethodLimit). */
    @Test
    void loopIsSmallEnoughForTheCompiler() throws IOException {
        try (InputStream in = Objects.requireNonNull(Interpreter.class.getResourceAsStream("Interpreter.class"))) {
            for (MethodModel method : ClassFile.of().parse(in.readAllBytes()).methods()) {
                int length = method.findAttribute(java.lang.classfile.Attributes.code())
                        .map(CodeAttribute::codeLength).orElse(0);
                assertThat(length).as(method.methodName().stringValue()).isLessThan(8_000);
            }
        }
    }

    @Test
    void prototypeServesManyStates() {
        Prototype prototype = LuaState.compile("n = (n or 0) + 1 return n, ...".getBytes(UTF_8), "@shared");
        for (int i = 0; i < 3; i++) {
            LuaState state = LuaState.withLibraries();
            assertThat(state.run(state.load(prototype), LuaString.of("a"))).containsExactly(1.0, LuaString.of("a"));
            assertThat(state.run(state.load(prototype))).containsExactly(2.0);
        }
    }

    @Test
    void hostFunctionsReadArgumentsAndAnswer() {
        LuaState state = LuaState.withLibraries();
        Library.add(state.globals(), "add", call -> call.returns(call.checkNumber(1) + call.optNumber(2, 10)));
        Library.add(state.globals(), "many", call -> {
            for (int i = 1; i <= call.checkInt(1); i++) {
                call.push((double) i);
            }
        });
        assertThat(run(state, "return add(1, 2), add(1), select('#', many(300)), (many(3))"))
                .containsExactly(3.0, 11.0, 300.0, 1.0);
        assertThatThrownBy(() -> run(state, "\nadd('x')"))
                .hasMessage("host:2: bad argument #1 to 'add' (number expected, got string)");
    }

    @Test
    void errorTablesReachTheHostAndBack() {
        LuaState state = LuaState.withLibraries();
        Library.add(state.globals(), "fail", call -> {
            LuaTable error = call.state().newTable();
            error.set("err", LuaString.of("WRONG"));
            throw new LuaError((Object) error);
        });
        assertThat(run(state, "local ok, e = pcall(fail) return ok, e.err")).containsExactly(false,
                LuaString.of("WRONG"));
        assertThatThrownBy(() -> run(state, "fail()")).isInstanceOfSatisfying(LuaError.class,
                error -> assertThat(((LuaTable) Objects.requireNonNull(error.value())).get("err"))
                        .isEqualTo(LuaString.of("WRONG")));
    }

    @Test
    void hostFunctionMayCallBack() {
        LuaState state = LuaState.withLibraries();
        Library.add(state.globals(), "twice", call -> {
            LuaFunction function = call.checkFunction(1);
            Object once = call.state().call(function, call.arg(2))[0];
            call.returns(call.state().call(function, once)[0]);
        });
        assertThat(run(state, "return twice(function(x) return x * 3 end, 2), pcall(twice, error, 'e')"))
                .containsExactly(18.0, false, LuaString.of("e"));
    }

    @Test
    void bugOfAHostFunctionPassesEveryPcall() {
        LuaState state = LuaState.withLibraries();
        Library.add(state.globals(), "bug", call -> {
            throw new IllegalStateException("ours");
        });
        assertThatThrownBy(() -> run(state, "pcall(bug)")).isInstanceOf(IllegalStateException.class);
        assertThat(run(state, "return pcall(error, 1)")).containsExactly(false, LuaString.of("1"));
    }

    @Test
    void sameSeedSameNumbersAsTheOriginal() {
        LuaState state = LuaState.withLibraries();
        assertThat(run(state, "return tostring(math.random()), tostring(math.random()), math.random(100)"))
                .containsExactly(LuaString.of("0.39646477363839"), LuaString.of("0.84048536971234"), 36.0);
        assertThat(run(state, "math.randomseed(5) return tostring(math.random()), tostring(math.random())"))
                .containsExactly(LuaString.of("0.52483957937213"), LuaString.of("0.27285430173988"));
    }

    @Test
    void clockIsTheHosts() {
        LuaState state = LuaState.withLibraries();
        state.setClock(() -> 1_500_000_000L);
        assertThat(run(state, "return os.clock()")).containsExactly(1.5);
    }

    @Test
    void printIsThereWhenTheHostWantsIt() {
        LuaState state = LuaState.withLibraries();
        StringBuilder out = new StringBuilder();
        state.globals().set("print", BaseLibrary.print(line -> out.append(new String(line, UTF_8)).append('|')));
        run(state, "print('a', 1, nil) print()");
        assertThat(out.toString()).isEqualTo("a\t1\tnil||");
    }
}

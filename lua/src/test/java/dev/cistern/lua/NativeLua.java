package dev.cistern.lua;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import party.iroiro.luajava.lua51.Lua51;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * The referee: native Lua 5.1, and the way to run one script on it and on ours with what it prints compared.
 *
 * <p>Tests that need it are skipped by name where the native library cannot load.
 */
final class NativeLua implements AutoCloseable {
    /** Collects what a script prints, and runs it under pcall so that errors are part of the output. */
    private static final String HARNESS = """
            local out = {}
            function print(...)
              local line = {}
              for i = 1, select('#', ...) do line[i] = tostring((select(i, ...))) end
              out[#out + 1] = table.concat(line, '\\t')
            end
            local chunk, message = loadstring(SOURCE, '=t')
            if chunk then
              if debug then debug.sethook(function() error('the script does not end: line ' .. debug.getinfo(2, 'l').currentline, 0) end, '', 100000000) end
              local ok, failure = pcall(chunk)
              if not ok then print('FAILED', failure) end
            else
              print('REFUSED', message)
            end
            if debug then debug.sethook() end
            OUTPUT = table.concat(out, '\\n')
            """;

    private static @Nullable String unavailable;

    private final Lua51 lua;

    private NativeLua() {
        lua = new Lua51();
        lua.openLibraries();
    }

    /** A fresh native state, or a skipped test. */
    static NativeLua assumed() {
        if (unavailable == null) {
            try {
                return new NativeLua();
            } catch (LinkageError | RuntimeException failure) {
                unavailable = failure.toString();
            }
        }
        Assumptions.abort("the native Lua 5.1 cannot be loaded here: " + unavailable);
        throw new AssertionError("aborted");
    }

    /** What a script prints on the native machine, one character per byte. */
    String output(String script) {
        run("SOURCE = " + quoted(script.getBytes(ISO_8859_1)));
        run(HARNESS);
        lua.getGlobal("OUTPUT");
        ByteBuffer bytes = java.util.Objects.requireNonNull(lua.toBuffer(-1));
        lua.pop(1);
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return new String(copy, ISO_8859_1);
    }

    void run(String script) {
        byte[] bytes = script.getBytes(UTF_8);
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length);
        buffer.put(bytes).flip();
        lua.run(buffer, "=harness");
    }

    Lua51 lua() {
        return lua;
    }

    @Override
    public void close() {
        lua.close();
    }

    /** What the same script prints on our machine. */
    static String ours(String script) {
        LuaState state = LuaState.withLibraries();
        state.setHook(500_000_000, s -> {
            throw new LuaKilled("a test script runs for too long");
        });
        return ours(state, script);
    }

    static String ours(LuaState state, String script) {
        state.globals().set("SOURCE", LuaString.wrap(script.getBytes(ISO_8859_1)));
        state.run(state.load(HARNESS.getBytes(UTF_8), "=harness"));
        return new String(((LuaString) java.util.Objects.requireNonNull(state.globals().get("OUTPUT"))).toByteArray(),
                ISO_8859_1);
    }

    /** A Lua literal of any bytes. */
    static String quoted(byte[] bytes) {
        StringBuilder literal = new StringBuilder(bytes.length * 4 + 2).append('"');
        for (byte b : bytes) {
            literal.append("\\%03d".formatted(b & 0xff));
        }
        return literal.append('"').toString();
    }
}

package dev.cistern.lua;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Hand-written scripts that go through the language and the libraries; each must print what native Lua 5.1 prints. */
final class LanguageTest {

    @ParameterizedTest
    @ValueSource(strings = {"basics", "functions", "metatables", "errors", "coroutines", "strings", "tables", "syntax"})
    void printsWhatNativeLuaPrints(String name) throws IOException {
        String script = resource("/lua/" + name + ".lua");
        try (NativeLua referee = NativeLua.assumed()) {
            assertThat(NativeLua.ours(script)).isEqualTo(referee.output(script));
        }
    }

    private static String resource(String path) throws IOException {
        try (InputStream in = Objects.requireNonNull(LanguageTest.class.getResourceAsStream(path))) {
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }
}

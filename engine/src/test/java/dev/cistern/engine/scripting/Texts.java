package dev.cistern.engine.scripting;

import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.util.Map;

import static org.assertj.core.api.Assertions.assertThat;

/** Error texts that Valkey, whose words we use, spells otherwise than the Redis 7.0 that tests may run on. */
final class Texts {
    private static final Map<String, String> BY_REDIS = Map.of(
            "Unknown Redis command called from script", "Unknown command called from script",
            "Wrong number of args calling Redis command from script",
            "Wrong number of args calling command from script",
            "Please specify at least one argument for this redis lib call",
            "Please specify at least one argument for this call",
            "Lua redis lib command arguments must be strings or integers",
            "Command arguments must be strings or integers",
            "No matching script. Please use EVAL.", "No matching script.",
            "Invalid debug level.", "Invalid log level.",
            "redis.set_repl() requires two arguments.", "redis.set_repl() requires one argument.");

    private Texts() {}

    /** The text of an error, as Valkey spells it. */
    static String of(WireReply error) {
        if (!(error instanceof WireReply.ErrorLine)) {
            throw new AssertionError("no error: " + error);
        }
        return valkeys(error.text());
    }

    static String valkeys(String text) {
        String ours = text;
        for (Map.Entry<String, String> entry : BY_REDIS.entrySet()) {
            ours = ours.replace(entry.getKey(), entry.getValue());
        }
        return ours.replaceAll("\\bredis\\.(register_function|log|setresp|set_repl|acl_check_cmd)", "server.$1")
                .replace("BUSY Redis is", "BUSY Valkey is");
    }

    /** The error, whose script is called {@code SHA} and whose place is {@code line}. */
    static void expectAt(WireReply error, int line, String text) {
        assertThat(of(error).replaceAll("script: [0-9a-f]{40}", "script: SHA"))
                .isEqualTo(text + " script: SHA, on @user_script:" + line + ".");
    }

    static boolean isRedis(TestServer server) {
        return !server.isOurs();
    }
}

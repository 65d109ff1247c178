package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.List;

import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** SLOWLOG and COMMANDLOG: what they keep of slow and large commands, and what they must not keep. */
final class CommandLogTest {
    private static final String NEWER = "COMMANDLOG came with Valkey 8.1";

    @WireTest
    void slowLogKeepsNoSecret(TestServer server, TestClient client) {
        client.send("CONFIG", "SET", "slowlog-log-slower-than", "0").expect(ok());
        client.send("SLOWLOG", "RESET").expect(ok());
        client.send("AUTH", "u", "canary");
        client.send("AUTH", "canary");
        client.send("HELLO", "2", "AUTH", "u", "canary", "SETNAME", "shown");
        client.send("ACL", "SETUSER", "someone", ">canary").expect(ok());
        client.send("ACL", "GETUSER", "someone");
        client.send("ACL", "DELUSER", "someone", "nobody").expect(integer(1));
        client.send("CONFIG", "SET", "requirepass", "canary", "timeout", "0").expect(ok());
        client.send("CONFIG", "SET", "requirepass", "", "slowlog-log-slower-than", "10000").expect(ok());
        List<List<String>> logged = client.send("SLOWLOG", "GET", "-1").members().stream()
                .map(entry -> entry.members().get(3).texts()).toList();
        assertThat(logged.toString()).doesNotContain("canary");
        // The original looks at the limit when the command is done.
        client.send("CONFIG", "SET", "slowlog-log-slower-than", "0").expect(ok());
        client.send("SLOWLOG", "RESET").expect(ok());
        client.send("CONFIG", "SET", "slowlog-log-slower-than", "-1").expect(ok());
        client.send("SLOWLOG", "LEN").expect(integer(1));
        client.send("CONFIG", "SET", "slowlog-log-slower-than", "10000").expect(ok());
        assertThat(logged).contains(List.of("CONFIG", "SET", "requirepass", "(redacted)", "timeout", "0"),
                List.of("ACL", "SETUSER", "(redacted)", "(redacted)"), List.of("AUTH", "(redacted)", "(redacted)"),
                List.of("AUTH", "(redacted)"),
                List.of("HELLO", "2", "AUTH", "(redacted)", "(redacted)", "SETNAME", "shown"));
        if (server.isOurs()) {
            // Redis 7.0 still showed the names.
            assertThat(logged).contains(List.of("ACL", "GETUSER", "(redacted)"),
                    List.of("ACL", "DELUSER", "(redacted)", "(redacted)"));
        }
    }

    @WireTest(notOnOriginal = NEWER)
    void largeRequestsAndRepliesAreLogged(TestClient client) {
        client.send("CONFIG", "SET", "commandlog-request-larger-than", "1000", "commandlog-reply-larger-than", "2000")
                .expect(ok());
        for (String type : List.of("slow", "large-request", "LARGE-REPLY")) {
            client.send("COMMANDLOG", "RESET", type).expect(ok());
        }
        client.send("SET", "a", "x".repeat(900)).expect(ok());
        client.send("SET", "b", "x".repeat(3000)).expect(ok());
        client.send("GET", "a");
        client.send("GET", "b");
        client.send("COMMANDLOG", "LEN", "large-request").expect(integer(1));
        client.send("COMMANDLOG", "LEN", "large-reply").expect(integer(1));
        List<WireReply> request = client.send("COMMANDLOG", "GET", "-1", "large-request").members().getFirst()
                .members();
        assertThat(request.get(2).number()).isBetween(3000L, 3100L);
        assertThat(request.get(3).texts()).startsWith("SET", "b").hasSize(3);
        List<WireReply> reply = client.send("COMMANDLOG", "GET", "10", "large-reply").members().getFirst().members();
        assertThat(reply).hasSize(6);
        assertThat(reply.get(2).number()).isBetween(3000L, 3100L);
        assertThat(reply.get(3).texts()).containsExactly("GET", "b");
        client.send("CONFIG", "SET", "commandlog-request-larger-than", "-1", "commandlog-reply-larger-than", "-1")
                .expect(ok());
        client.send("SET", "b", "x".repeat(2_000_000)).expect(ok());
        client.send("GET", "b");
        client.send("COMMANDLOG", "LEN", "large-request").expect(integer(1));
        client.send("COMMANDLOG", "LEN", "large-reply").expect(integer(1));
        client.send("COMMANDLOG", "RESET", "large-reply").expect(ok());
        client.send("COMMANDLOG", "LEN", "large-reply").expect(integer(0));
    }

    @WireTest(notOnOriginal = NEWER)
    void slowOnesAreThoseOfSlowLog(TestClient client) {
        client.send("CONFIG", "SET", "commandlog-execution-slower-than", "0").expect(ok());
        client.send("SLOWLOG", "RESET").expect(ok());
        client.send("SET", "a", "b").expect(ok());
        client.send("CONFIG", "SET", "slowlog-log-slower-than", "10000").expect(ok());
        assertThat(client.send("COMMANDLOG", "GET", "-1", "slow").members()).isNotEmpty()
                .hasSameSizeAs(client.send("SLOWLOG", "GET", "-1").members());
        client.send("COMMANDLOG", "GET", "1", "fast").expect(
                error("ERR type should be one of the following: slow, large-request, large-reply"));
        client.send("COMMANDLOG", "GET", "-2", "slow").expect(
                error("ERR count should be greater than or equal to -1"));
        client.send("COMMANDLOG", "GET", "1")
                .expect(error("ERR wrong number of arguments for 'commandlog|get' command"));
    }
}

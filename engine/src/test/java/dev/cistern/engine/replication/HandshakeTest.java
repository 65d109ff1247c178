package dev.cistern.engine.replication;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireTest;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** What a replica asks of a primary, word by word, and what it is answered. */
final class HandshakeTest extends ReplicationNodes {

    /** The oldest way: a snapshot, and the log behind it, without a word about either. */
    @WireTest
    void anOldReplicaIsServed(TestClient client, TestServer server) {
        client.send("SET", "before", "1").expect(ok());
        try (TestClient replica = server.connect()) {
            long bytes = Long.parseLong(LogFollower.ask(replica, "SYNC").substring(1));
            assertThat(replica.readUntil("REDIS")).isEqualTo("REDIS");
            replica.skipBytes(bytes - "REDIS".length());
            client.send("SET", "after", "2").expect(ok());
            replica.read().expect(array("SELECT", "0"));
            replica.read().expect(array("SET", "after", "2"));
        }
    }

    /** As tools do that fetch a snapshot: no log follows, and of the data only what was asked for. */
    @WireTest(settings = {"repl-diskless-sync-delay", "0"})
    void oneThatWantsFunctionsOnly(TestClient client, TestServer server) {
        client.send("SET", "a-key", "its-value").expect(ok());
        client.send("FUNCTION", "LOAD", "#!lua name=alib\nserver.register_function('f', function() return 1 end)"
                .replace("server", "redis")).expect(bulk("alib"));
        assertThat(snapshot(server)).contains("alib").contains("a-key");
        assertThat(snapshot(server, "rdb-filter-only", "functions")).contains("alib").doesNotContain("a-key");
        assertThat(snapshot(server, "rdb-filter-only", "")).doesNotContain("alib").doesNotContain("a-key");
        try (TestClient replica = server.connect()) {
            replica.send("REPLCONF", "rdb-filter-only", "functions").expect(ok());
            assertThat(LogFollower.ask(replica, "SYNC")).isEqualTo("-ERR Filtered replica requires EOF capability");
        }
        client.send("REPLCONF", "rdb-filter-only", "functions keys")
                .expect(error("ERR Unsupported rdb-filter-only option: keys"));
        client.send("REPLCONF", "rdb-only", "2").expect(error("ERR value is out of range, value must between 0 and 1"));
    }

    /** The snapshot's bytes as text, one character each; of a length told first, or ended by a mark told first. */
    private static String snapshot(TestServer server, String... options) {
        try (TestClient replica = server.connect()) {
            replica.send("REPLCONF", "capa", "eof").expect(ok());
            replica.send("REPLCONF", "rdb-only", "1").expect(ok());
            if (options.length > 0) {
                replica.send("REPLCONF", options[0], options[1]).expect(ok());
            }
            String end = LogFollower.ask(replica, "SYNC").substring(1);
            return end.startsWith("EOF:")
                    ? replica.readUntil(end.substring("EOF:".length()))
                    : replica.readBytes(Integer.parseInt(end));
        }
    }

    /** However much of it the socket takes at once. */
    @WireTest(settings = {"repl-diskless-sync-delay", "0", "rdbcompression", "no", "repl-diskless-sync", "no",
            "enable-debug-command", "yes"})
    void eachKeyOfALargeSnapshotComesOnce(TestClient client, TestServer server) {
        client.send("DEBUG", "POPULATE", "100000", "key", "100").expect(ok());
        for (int round = 0; round < 4; round++) {
            List<String> keys = Pattern.compile("key:[0-9]+").matcher(snapshot(server)).results()
                    .map(MatchResult::group).toList();
            assertThat(keys).hasSize(100_000).doesNotHaveDuplicates();
        }
    }

    @WireTest
    void goesOnWithWhatIsThere(TestClient client, TestServer server) {
        client.send("SET", "key", "1").expect(ok());
        try (LogFollower first = new LogFollower(server.port())) {
            client.send("SET", "key", "2").expect(ok());
            String history = first.history();
            assertThat(psync(server, history, first.offset() + 1)).isEqualTo("+CONTINUE " + history);
            assertThat(psync(server, history, 1_000_000)).startsWith("+FULLRESYNC " + history);
            assertThat(psync(server, history, -7)).startsWith("+FULLRESYNC " + history);
            assertThat(psync(server, "f".repeat(40), first.offset() + 1)).startsWith("+FULLRESYNC " + history);
            assertThat(fact(client, "sync_partial_ok")).isNotEqualTo("0");
        }
    }

    /** Asks and leaves again. */
    private static String psync(TestServer server, String history, long offset) {
        try (TestClient replica = server.connect()) {
            replica.send("REPLCONF", "capa", "psync2").expect(ok());
            return LogFollower.ask(replica, "PSYNC", history, "" + offset);
        }
    }

    /** One that was promoted knows its primary's history up to there, and not a byte further. */
    @ParameterizedTest
    @EnumSource
    void theFormerHistoryIsKnownAsFarAsItIsTheSame(Pair pair) {
        TestClient writer = client(server(pair.primaryIsOurs));
        TestServer replica = server(pair.replicaIsOurs);
        TestClient reader = client(replica);
        follow(reader, Integer.parseInt(fact(writer, "tcp_port")));
        write(writer, random(), 100);
        awaitEqual(writer, reader);
        String former = fact(writer, "master_replid");
        reader.send("REPLICAOF", "NO", "ONE").expect(ok());
        long end = Long.parseLong(fact(reader, "second_repl_offset"));
        assertThat(fact(reader, "master_replid2")).isEqualTo(former);
        reader.send("SET", "key", "value").expect(ok());
        String present = fact(reader, "master_replid");
        assertThat(present).isNotEqualTo(former);
        assertThat(psync(replica, former, end)).isEqualTo("+CONTINUE " + present);
        assertThat(psync(replica, former, end + 1)).startsWith("+FULLRESYNC " + present);
    }

    @ParameterizedTest
    @EnumSource
    void onlyAReplicaWithTheSameHistoryTakesOver(Pair pair) {
        TestServer primary = server(pair.primaryIsOurs);
        TestServer replica = server(pair.replicaIsOurs);
        TestClient reader = client(replica);
        assertThat(LogFollower.ask(client(replica), "PSYNC", fact(reader, "master_replid"), "1", "FAILOVER"))
                .isEqualTo("-ERR PSYNC FAILOVER can't be sent to a master.");
        follow(reader, primary.port());
        awaitUp(reader);
        String next = "" + (Long.parseLong(fact(reader, "master_repl_offset")) + 1);
        assertThat(LogFollower.ask(client(replica), "PSYNC", "x".repeat(40), next, "FAILOVER"))
                .isEqualTo("-ERR PSYNC FAILOVER replid must match my replid.");
        assertThat(LogFollower.ask(client(replica), "PSYNC", fact(reader, "master_replid"), next, "FAILOVER"))
                .startsWith("+CONTINUE");
        assertThat(fact(reader, "role")).isEqualTo("master");
    }

    @WireTest
    void whoWaitsIsAnswered(TestClient client, TestServer server) {
        client.send("WAIT", "0", "10").expect(integer(0));
        client.send("WAIT", "1", "10").expect(integer(0));
        client.send("WAIT", "x", "10").expect(error("ERR value is not an integer or out of range"));
        client.send("WAIT", "1", "-1").expect(error("ERR timeout is negative"));
        try (LogFollower follower = new LogFollower(server.port())) {
            await("online", () -> fact(client, "slave0").contains("state=online"));
            client.send("SET", "key", "value").expect(ok());
            client.send("WAIT", "1", "20").expect(integer(0));
            client.write("WAIT", "1", "0");
            follower.acknowledge(1L << 40);
            client.read().expect(integer(1));
            client.send("MULTI").expect(ok());
            client.send("WAIT", "5", "0");
            assertThat(client.send("EXEC").toString()).contains("1");
        }
    }

    @WireTest(settings = {"min-replicas-to-write", "1", "min-replicas-max-lag", "1"})
    void oneThatIsSilentDoesNotCount(TestClient client, TestServer server) {
        String few = "NOREPLICAS Not enough good replicas to write.";
        client.send("SET", "key", "value").expect(error(few));
        try (LogFollower follower = new LogFollower(server.port())) {
            await("it counts", () -> {
                follower.acknowledge(follower.offset());
                return client.send("SET", "key", "value").equals(ok());
            });
            await("it is silent for too long", () -> client.send("SET", "key", "value").equals(error(few)));
            client.send("GET", "key").expect(bulk("value"));
        }
    }
}

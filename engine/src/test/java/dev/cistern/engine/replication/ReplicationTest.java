package dev.cistern.engine.replication;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** Nodes that follow each other, ours and the original in either role. */
final class ReplicationTest extends ReplicationNodes {
    @ParameterizedTest
    @EnumSource
    void aReplicaHasWhatItsPrimaryHas(Pair pair) {
        TestServer primary = server(pair.primaryIsOurs);
        TestServer replica = server(pair.replicaIsOurs);
        TestClient writer = client(primary);
        TestClient reader = client(replica);
        reader.send("SET", "old", "gone").expect(ok());
        SplittableRandom random = random();
        write(writer, random, 2000);
        follow(reader, primary.port());
        write(writer, random, 3000);
        awaitEqual(writer, reader);
        awaitSame(writer, reader);
        assertThat(reader.send("EXISTS", "old")).isEqualTo(integer(0));
        assertThat(fact(writer, "sync_full")).isEqualTo("1");
        assertThat(fact(writer, "connected_slaves")).isEqualTo("1");
        assertThat(fact(writer, "slave0")).contains("ip=127.0.0.1,port=" + replica.port() + ",state=online");
    }

    @ParameterizedTest
    @EnumSource
    void brokenLinksGoOnWhereTheyWere(Pair pair) throws InterruptedException {
        TestServer primary = server(pair.primaryIsOurs);
        TestServer replica = server(pair.replicaIsOurs);
        LinkProxy proxy = keep(new LinkProxy(primary.port()));
        TestClient reader = client(replica);
        TestClient watcher = client(primary);
        follow(reader, proxy.port());
        AtomicBoolean ended = new AtomicBoolean();
        Thread load = Thread.ofPlatform().start(() -> {
            try (TestClient writer = primary.connect()) {
                SplittableRandom random = random();
                while (!ended.get()) {
                    write(writer, random, 100);
                }
            }
        });
        for (int i = 0; i < 3; i++) {
            awaitUp(reader);
            String offset = fact(reader, "master_repl_offset");
            await("something came", () -> !fact(reader, "master_repl_offset").equals(offset));
            proxy.cut();
            await("the link is down", () -> !fact(reader, "master_link_status").equals("up")
                    || Integer.parseInt(fact(watcher, "sync_partial_ok")) > 0);
        }
        awaitUp(reader);
        ended.set(true);
        load.join();
        awaitEqual(watcher, reader);
        awaitSame(watcher, reader);
        assertThat(fact(watcher, "sync_full")).isEqualTo("1");
        assertThat(Integer.parseInt(fact(watcher, "sync_partial_ok"))).isBetween(1, 3);
    }

    /** Two looks of the primary at those who follow it. */
    private static final long LOOKS_MILLIS = 2_500;
    /** More than the sockets between them take. */
    private static final int LARGE_WRITES = 300;

    @Test
    void whatComesWhileAReplicaLoadsDoesNotWaitAtThePrimary() throws InterruptedException {
        TestServer primary = server(true, "client-output-buffer-limit", "replica 3mb 0 0", "repl-backlog-size", "1mb");
        TestServer replica = server(true, "key-load-delay", "50000");
        TestClient writer = client(primary);
        TestClient reader = client(replica);
        writeWhileItLoads(writer, reader, primary.port());
        Thread.sleep(LOOKS_MILLIS);
        assertThat(reader.send("PING").toString()).contains("LOADING");
        reader.send("CONFIG", "SET", "key-load-delay", "0").expect(ok());
        awaitEqual(writer, reader);
        awaitSame(writer, reader);
        assertThat(fact(writer, "sync_full")).isEqualTo("1");
        assertThat(fact(writer, "client_output_buffer_limit_disconnections")).isEqualTo("0");
    }

    @Test
    void whatAReplicaCannotHoldWhileItLoadsWaitsAtThePrimary() {
        TestServer primary = server(true);
        TestServer replica = server(true, "key-load-delay", "50000", "client-output-buffer-limit", "replica 1mb 0 0");
        TestClient writer = client(primary);
        TestClient reader = client(replica);
        writeWhileItLoads(writer, reader, primary.port());
        reader.send("CONFIG", "SET", "key-load-delay", "0").expect(ok());
        awaitEqual(writer, reader);
        awaitSame(writer, reader);
        assertThat(fact(writer, "sync_full")).isEqualTo("1");
    }

    private static void writeWhileItLoads(TestClient writer, TestClient reader, int port) {
        for (int i = 0; i < 2000; i++) {
            writer.send("SET", "old" + i, "value").expect(ok());
        }
        follow(reader, port);
        await("the replica loads", () -> reader.send("PING").toString().contains("LOADING"));
        String large = "x".repeat(100_000);
        for (int i = 0; i < LARGE_WRITES; i++) {
            writer.send("SET", "new" + i, large).expect(ok());
        }
    }

    @Test
    void aReplicaIsReadOnlyAndSaysWhatItIs() {
        TestServer primary = server(true);
        TestServer replica = server(true);
        TestClient reader = client(replica);
        follow(reader, primary.port());
        awaitUp(reader);
        reader.send("SET", "a", "1").expect(error("READONLY You can't write against a read only replica."));
        assertThat(reader.send("EVAL", "return redis.call('SET', 'a', '1')", "0").toString()).contains("READONLY");
        assertThat(reader.send("ROLE").toString()).contains("slave", "127.0.0.1", "connected");
        assertThat(reader.send("REPLICAOF", "127.0.0.1", "" + primary.port()).toString())
                .contains("Already connected");
        reader.send("CONFIG", "SET", "replica-read-only", "no").expect(ok());
        reader.send("SET", "a", "1").expect(ok());
        reader.send("REPLICAOF", "NO", "ONE").expect(ok());
        assertThat(fact(reader, "role")).isEqualTo("master");
    }

    @Test
    void whoWritesToAReplicaMayHaveToGo() {
        TestServer primary = server(true);
        TestServer replica = server(true, "close-on-replica-write", "yes");
        TestClient reader = client(replica);
        follow(reader, primary.port());
        awaitUp(reader);
        TestClient writer = client(replica);
        writer.send("GET", "a").expect(WireReply.nil());
        writer.send("SET", "a", "1").expect(error("READONLY You can't write against a read only replica."));
        assertThat(writer.isClosedByServer()).isTrue();
        reader.send("REPLICAOF", "NO", "ONE").expect(ok());
        reader.send("SET", "a", "1").expect(ok());
    }

    @Test
    void staleDataMayBeRefused() {
        TestServer replica = server(true, "replica-serve-stale-data", "no");
        TestClient reader = client(replica);
        TestServer primary = server(true);
        int port = primary.port();
        follow(reader, port);
        awaitUp(reader);
        reader.send("GET", "a").expect(WireReply.nil());
        primary.close();
        await("the link is down", () -> fact(reader, "master_link_status").equals("down"));
        reader.send("GET", "a").expect(error(
                "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."));
        assertThat(reader.send("PING").toString()).contains("MASTERDOWN");
    }

    @ParameterizedTest
    @EnumSource
    void whoWritesCanWaitForReplicas(Pair pair) {
        TestServer primary = server(pair.primaryIsOurs, "min-replicas-to-write", "1");
        TestServer replica = server(pair.replicaIsOurs);
        TestClient writer = client(primary);
        TestClient reader = client(replica);
        writer.send("SET", "a", "1").expect(error("NOREPLICAS Not enough good replicas to write."));
        follow(reader, primary.port());
        await("the replica counts", () -> writer.send("SET", "a", "1").equals(ok()));
        writer.send("WAIT", "1", "0").expect(integer(1));
        reader.send("GET", "a").expect(bulk("1"));
        writer.send("WAIT", "2", "50").expect(integer(1));
    }

    @ParameterizedTest
    @EnumSource
    void replicasOfReplicasGoOnWithOneThatIsPromoted(Pair pair) {
        TestServer primary = server(pair.primaryIsOurs);
        TestServer middle = server(true);
        TestServer last = server(pair.replicaIsOurs);
        TestClient writer = client(primary);
        TestClient between = client(middle);
        TestClient reader = client(last);
        SplittableRandom random = random();
        follow(between, primary.port());
        awaitUp(between);
        write(writer, random, 300);
        follow(reader, middle.port());
        write(writer, random, 700);
        awaitEqual(writer, between);
        awaitEqual(writer, reader);
        awaitSame(writer, reader);
        awaitSame(between, reader);
        String history = fact(between, "master_replid");
        assertThat(fact(reader, "master_replid")).isEqualTo(history);
        between.send("REPLICAOF", "NO", "ONE").expect(ok());
        write(between, random, 500);
        awaitEqual(between, reader);
        awaitSame(between, reader);
        assertThat(fact(between, "master_replid2")).isEqualTo(history);
        assertThat(fact(between, "sync_full")).isEqualTo("1");
        follow(writer, middle.port());
        awaitEqual(between, writer);
        awaitSame(between, writer);
        assertThat(fact(between, "sync_full")).isEqualTo("1");
    }

    @ParameterizedTest
    @EnumSource
    void primaryAndReplicaChangePlaces(Pair pair) {
        TestServer primary = server(pair.primaryIsOurs);
        TestServer replica = server(pair.replicaIsOurs);
        TestClient first = client(primary);
        TestClient second = client(replica);
        first.send("FAILOVER").expect(error("ERR FAILOVER requires connected replicas."));
        follow(second, primary.port());
        awaitUp(second);
        write(first, random(), 500);
        await("online", () -> fact(first, "slave0").contains("state=online"));
        first.send("FAILOVER", "TO", "127.0.0.1", "" + replica.port(), "TIMEOUT", "20000").expect(ok());
        await("changed", () -> fact(second, "role").equals("master") && fact(first, "role").equals("slave"));
        awaitEqual(second, first);
        assertThat(fact(first, "master_failover_state")).isEqualTo("no-failover");
        second.send("SELECT", "0");
        second.send("SET", "after", "1").expect(ok());
        awaitEqual(second, first);
        awaitSame(first, second);
        assertThat(fact(second, "sync_full")).isEqualTo("0");
    }
}

package dev.cistern.engine;

import dev.cistern.engine.commands.Families;
import dev.cistern.engine.dispatch.Clock;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.Transport;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.store.Keyspace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Nodes that are ordered from outside: epochs, leases, fences, and what is left of a former primary. */
final class LeaseTest {
    private static final long WAIT_SECONDS = 20;
    private static final String REFUSED = "READONLY This node is not the primary of its group, or not any more.";

    @TempDir
    private Path folder;
    private final List<AutoCloseable> open = new ArrayList<>();

    /** The system's, and further on by as much as a test likes. */
    private static final class JumpingClock implements Clock {
        private final AtomicLong aheadNanos = new AtomicLong();

        void jump(long millis) {
            aheadNanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
        }

        @Override
        public long wallMillis() {
            return Clock.SYSTEM.wallMillis();
        }

        @Override
        public long wallMicros() {
            return Clock.SYSTEM.wallMicros();
        }

        @Override
        public long nanos() {
            return Clock.SYSTEM.nanos() + aheadNanos.get();
        }
    }

    /** A node with a clock of its own, and a command FREEZE that writes and stands still before it answers. */
    private final class Server {
        private final JumpingClock clock = new JumpingClock();
        private final CacheNode node;
        private final TestClient client;

        Server(int port) throws IOException {
            this(port, 0);
        }

        Server(int port, long epoch) throws IOException {
            EventLoops loops = EventLoops.start(Transport.preferred(), 1);
            open.add(loops);
            CommandTable freeze = CommandTable.of("string", command("FREEZE", 2, key(1), WRITE)
                    .runsInSession(this::freeze));
            node = CacheNode.start(NodeOptions.onPort("leased", port).with("dir", folder.toString()).withEpoch(epoch),
                    loops,
                    Families.index(freeze), clock);
            open.add(node);
            client = connect();
        }

        private void freeze(Session session, Request request, Reply reply) {
            session.keyspace().set(request.key(1), request.argument(1), Keyspace.NO_DEADLINE);
            clock.jump(10_000);
            reply.ok();
        }

        TestClient connect() {
            TestClient made = new TestClient(node.port());
            open.add(made);
            return made;
        }

        Map<String, String> order(String... words) {
            String[] all = new String[words.length + 1];
            all[0] = "CISTERN";
            System.arraycopy(words, 0, all, 1, words.length);
            WireReply answer = client.send(all);
            assertThat(answer).isInstanceOf(WireReply.Array.class);
            List<WireReply> members = ((WireReply.Array) answer).members();
            Map<String, String> state = new LinkedHashMap<>();
            for (int i = 0; i < members.size(); i += 2) {
                state.put(((WireReply.Bulk) members.get(i)).text(), ((WireReply.Bulk) members.get(i + 1)).text());
            }
            return state;
        }

        String state(String name) {
            return Objects.requireNonNull(order("STATE").get(name), name);
        }

        void grant(long epoch, long millis, int replicas) {
            WireReply answer = client.send("CISTERN", "LEASE", "" + epoch, "" + millis, state("clock"), "REPLICAS",
                    "" + replicas);
            assertThat(answer).isInstanceOf(WireReply.Int.class);
        }

        void inherit(long epoch) {
            WireReply answer = client.send("CISTERN", "LEASE", "" + epoch, "600000", state("clock"), "REPLICAS", "0",
                    "HEIR");
            assertThat(answer).isInstanceOf(WireReply.Int.class);
        }

        void follow(long epoch, Server primary) {
            order("FOLLOW", "" + epoch, "127.0.0.1", "" + primary.node.port());
            awaitLink(primary);
        }

        /** Either side may know of a link before the other one does. */
        void awaitLink(Server primary) {
            await("link up", () -> state("link").equals("up"));
            await("it is followed", () -> primary.state("replicas").equals("1"));
        }
    }

    private interface Check {
        boolean holds();
    }

    private static void await(String what, Check check) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        while (!check.holds()) {
            assertThat(System.nanoTime()).as("never: " + what).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    private static void expectEnd(TestClient client) {
        assertThatThrownBy(client::read).isInstanceOf(UncheckedIOException.class);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Test
    void whoWasNeverOrderedNeedsNoLease() throws IOException {
        Server server = new Server(0);
        assertThat(server.state("epoch")).isEqualTo("0");
        server.client.send("FREEZE", "key").expect(ok());
        server.client.send("SET", "key", "value").expect(ok());
    }

    @Test
    void writesAreRefusedWhenTheLeaseIsOver() throws IOException {
        Server server = new Server(0);
        server.grant(1, 600_000, 0);
        server.client.send("SET", "key", "value").expect(ok());
        server.clock.jump(600_000);
        server.client.send("SET", "key", "other").expect(WireReply.error(REFUSED));
        assertThat(server.client.send("EVAL", "return redis.call('SET', KEYS[1], 'other')", "1", "key").toString())
                .contains("READONLY");
        server.client.send("GET", "key").expect(bulk("value"));
        server.client.send("MULTI").expect(ok());
        server.client.send("SET", "key", "other").expect(WireReply.error(REFUSED));
        assertThat(server.client.send("EXEC").toString()).contains("EXECABORT");
        server.grant(1, 600_000, 0);
        server.client.send("SET", "key", "other").expect(ok());
    }

    @Test
    void whoIsStartedByOrderWaitsForItsLease() throws IOException {
        Server server = new Server(0, 4);
        server.client.send("SET", "key", "value").expect(WireReply.error(REFUSED));
        assertThat(server.state("epoch")).isEqualTo("4");
        assertThat(server.client.send("CISTERN", "LEASE", "3", "1000", "0").toString()).contains("STALEEPOCH");
        server.grant(4, 1_000, 0);
        server.client.send("SET", "key", "value").expect(ok());
    }

    @Test
    void aLeaseWithoutEndHoldsUntilAnotherOneIsGiven() throws IOException {
        Server server = new Server(0);
        server.grant(1, 0, 0);
        server.clock.jump(TimeUnit.DAYS.toMillis(1000));
        server.client.send("SET", "key", "value").expect(ok());
        server.grant(1, 5_000, 0);
        server.client.send("SET", "key", "value").expect(ok());
        server.clock.jump(5_000);
        server.client.send("SET", "key", "value").expect(WireReply.error(REFUSED));
    }

    @Test
    void whatWasDoneBeforeTheProcessStoodStillIsNotAcknowledged() throws IOException {
        Server server = new Server(0);
        server.grant(1, 5_000, 0);
        TestClient client = server.connect();
        client.write("FREEZE", "key");
        expectEnd(client);
        assertThat(server.state("unacknowledged")).isEqualTo("1");
        server.client.send("GET", "key").expect(bulk("key"));
    }

    @Test
    void aBlockedSessionIsNotAnsweredWithoutLease() throws IOException {
        Server server = new Server(0);
        server.grant(1, 5_000, 0);
        TestClient blocked = server.connect();
        blocked.write("BLPOP", "list", "0");
        await("it waits", () -> server.node.node().sessions().all().stream().anyMatch(Session::isBlocked));
        // In one turn: the element is handed over, and the clock jumps before anything leaves.
        server.connect().raw("RPUSH list element\r\nFREEZE key\r\n");
        expectEnd(blocked);
    }

    @Test
    void aGrantThatLayInABufferIsOverWhenItIsRead() throws IOException {
        Server server = new Server(0);
        String clock = server.state("clock");
        server.clock.jump(10_000);
        server.client.send("CISTERN", "LEASE", "1", "3000", clock);
        server.client.send("SET", "key", "value").expect(WireReply.error(REFUSED));
        long ahead = Long.parseLong(server.state("clock")) + 60_000;
        server.client.send("CISTERN", "LEASE", "1", "3000", "" + ahead)
                .expect(WireReply.error("ERR this node's clock has not shown that yet"));
    }

    @Test
    void lowerEpochsAreRefusedAlsoAfterARestart() throws Exception {
        int port = freePort();
        Server server = new Server(port);
        server.grant(7, 600_000, 0);
        WireReply stale = WireReply.error("STALEEPOCH this node has obeyed epoch 7");
        server.client.send("CISTERN", "LEASE", "6", "1000", "0").expect(stale);
        server.client.send("CISTERN", "FENCE", "6").expect(stale);
        server.client.send("CISTERN", "PROMOTE", "6").expect(stale);
        server.client.send("CISTERN", "FOLLOW", "6", "127.0.0.1", "1").expect(stale);
        server.client.send("SET", "key", "value").expect(ok());
        server.client.close();
        server.node.close();

        Server again = new Server(port);
        assertThat(again.state("epoch")).isEqualTo("7");
        again.client.send("SET", "key", "value").expect(WireReply.error(REFUSED));
        again.client.send("CISTERN", "FENCE", "6").expect(stale);
        again.grant(7, 600_000, 0);
        again.client.send("SET", "key", "value").expect(ok());
    }

    /** A primary with a lease, and its replica that has a key of it. */
    private static void haveTheSame(Server primary, Server replica) throws IOException {
        primary.grant(1, 600_000, 0);
        replica.follow(1, primary);
        primary.client.send("SET", "key", "value").expect(ok());
        primary.client.send("WAIT", "1", "0").expect(integer(1));
    }

    @Test
    void aReplicaIsFencedPromotedAndGoesOnFromWhatItHas() throws IOException {
        Server one = new Server(freePort());
        Server two = new Server(freePort());
        haveTheSame(one, two);

        Map<String, String> fenced = two.order("FENCE", "2");
        assertThat(fenced).containsEntry("link", "down").containsEntry("role", "replica");
        one.client.send("SET", "late", "1").expect(ok());
        Map<String, String> promoted = two.order("PROMOTE", "2");
        assertThat(promoted).containsEntry("role", "primary").containsEntry("former-history", fenced.get("history"))
                .containsEntry("former-end", fenced.get("offset")).containsEntry("offset", fenced.get("offset"));
        two.client.send("SET", "key", "2").expect(WireReply.error(REFUSED));
        two.grant(2, 600_000, 0);
        two.client.send("GET", "late").expect(nil());
        two.client.send("SET", "key", "2").expect(ok());
        assertThat(two.order("PROMOTE", "2")).containsEntry("role", "primary");

        Map<String, String> back = one.order("FOLLOW", "2", "127.0.0.1", "" + two.node.port(), "BRANCHED",
                Objects.requireNonNull(fenced.get("history")), Objects.requireNonNull(fenced.get("offset")));
        assertThat(back.get("divergent")).startsWith("1 write to 1 key (")
                .endsWith("cistern-divergent-" + one.node.port() + "-2");
        assertThat(tail()).contains("late");
        await("the same", () -> one.client.send("GET", "key").equals(bulk("2")));
        one.client.send("GET", "late").expect(nil());
    }

    /** What goes to replicas is not all data. */
    @Test
    void whoHasWrittenNothingOfItsOwnKeepsNothing() throws IOException {
        Server one = new Server(freePort());
        Server two = new Server(freePort());
        haveTheSame(one, two);

        Map<String, String> fenced = two.order("FENCE", "2");
        String offset = Objects.requireNonNull(fenced.get("offset"));
        one.client.send("PUBLISH", "channel", "message").expect(integer(0));
        assertThat(Long.parseLong(one.state("offset"))).isGreaterThan(Long.parseLong(offset));
        two.order("PROMOTE", "2");
        assertThat(one.order("FOLLOW", "2", "127.0.0.1", "" + two.node.port(), "BRANCHED",
                Objects.requireNonNull(fenced.get("history")), offset)).containsEntry("divergent", "");
        assertThat(tail()).isEmpty();
    }

    /** Many times the backlog, which is all that is kept of what replicas have. */
    @Test
    void whatNoReplicaHasConfirmedIsKeptForTheDayItReturns() throws IOException {
        Server one = new Server(freePort());
        Server two = new Server(freePort());
        one.client.send("CONFIG", "SET", "repl-backlog-size", "16384").expect(ok());
        one.grant(1, 600_000, 1);
        two.follow(1, one);
        one.client.send("SET", "key", "value").expect(ok());
        one.client.send("WAIT", "1", "0").expect(integer(1));

        Map<String, String> fenced = two.order("FENCE", "2");
        String large = "x".repeat(100_000);
        for (int i = 0; i < 30; i++) {
            one.client.send("SET", "late" + i, large).expect(ok());
        }
        two.order("PROMOTE", "2");
        one.order("FOLLOW", "2", "127.0.0.1", "" + two.node.port(), "BRANCHED",
                Objects.requireNonNull(fenced.get("history")), Objects.requireNonNull(fenced.get("offset")));
        assertThat(tail()).contains("late0", "late29").hasSizeGreaterThan(30 * large.length());
    }

    private String tail() throws IOException {
        StringBuilder text = new StringBuilder();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "cistern-divergent-*")) {
            for (Path file : files) {
                text.append(Files.readString(file));
            }
        }
        return text.toString();
    }

    @Test
    void whoHasNothingDoesNotLead() throws IOException {
        Server lonely = new Server(0);
        lonely.order("FOLLOW", "1", "127.0.0.1", "" + freePort());
        lonely.client.send("CISTERN", "PROMOTE", "2")
                .expect(WireReply.error("ERR this node has no whole copy of what a primary had"));
    }

    /** The control plane is silent: as long as the replica follows, the primary goes on, and not a lease longer. */
    @Test
    void replicasKeepTheirPrimaryGoing() throws IOException {
        Server primary = new Server(0);
        Server replica = new Server(0);
        primary.grant(1, 600_000, 1);
        replica.follow(1, primary);
        primary.clock.jump(300_000);
        await("the replica has answered", () -> Long.parseLong(primary.state("lease")) > 500_000);
        primary.client.send("SET", "key", "value").expect(ok());
        assertThat(Long.parseLong(replica.order("FENCE", "2").get("silent"))).isNotNegative();
        await("it has left", () -> primary.state("replicas").equals("0"));
        primary.clock.jump(600_000);
        primary.client.send("SET", "key", "value").expect(WireReply.error(REFUSED));
    }

    /** It is told before, so that clients need not wait until somebody tells it afterwards. */
    @Test
    void anHeirWritesFromTheHandOverOn() throws IOException {
        Server primary = new Server(0, 1);
        Server heir = new Server(0, 1);
        primary.grant(1, 600_000, 0);
        heir.follow(1, primary);
        primary.client.send("CISTERN", "LEASE", "2", "600000", primary.state("clock"), "REPLICAS", "1", "HEIR")
                .expect(WireReply.error("ERR a primary is nobody's heir"));
        primary.grant(2, 600_000, 0);
        heir.inherit(2);
        heir.client.send("SET", "key", "value").expect(WireReply.error(
                "READONLY You can't write against a read only replica."));
        primary.client.send("SET", "key", "value").expect(ok());
        primary.client.send("FAILOVER", "TO", "127.0.0.1", "" + heir.node.port()).expect(ok());
        await("role", () -> heir.state("role").equals("primary"));
        heir.client.send("SET", "other", "value").expect(ok());
        await("link up", () -> primary.state("link").equals("up"));
        assertThat(heir.state("epoch")).isEqualTo("2");
    }

    /** Another order takes it back, and it is good for no longer than it was given. */
    @Test
    void whatAnHeirWasGivenEnds() throws IOException {
        Server primary = new Server(0, 1);
        Server heir = new Server(0, 1);
        primary.grant(1, 600_000, 0);
        heir.follow(1, primary);
        heir.inherit(1);
        heir.follow(1, primary);
        primary.client.send("FAILOVER").expect(ok());
        await("role", () -> heir.state("role").equals("primary"));
        heir.client.send("SET", "key", "value").expect(WireReply.error(REFUSED));
        primary.awaitLink(heir);
        primary.inherit(1);
        primary.clock.jump(700_000);
        heir.grant(1, 600_000, 0);
        heir.client.send("FAILOVER").expect(ok());
        await("role", () -> primary.state("role").equals("primary"));
        primary.client.send("SET", "key", "value").expect(WireReply.error(REFUSED));
    }
}

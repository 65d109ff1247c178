package dev.cistern.engine.replication;

import dev.cistern.engine.testing.TestCertificate;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireTest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** Nodes that reach each other by TLS: who follows a primary, and who sends keys away. */
final class TlsReplicationTest extends ReplicationNodes {
    private static final int LARGE_BYTES = 3 << 20;

    @TempDir
    private static Path folder;
    private static TestCertificate nodes;
    private static TestCertificate others;

    @BeforeAll
    static void makeCertificates() {
        nodes = TestCertificate.make(folder, "nodes");
        others = TestCertificate.make(folder, "others");
    }

    /** Listens on a plain port for the test, and on one for TLS. */
    private TestServer server(boolean isOurs, int tlsPort, String... more) {
        List<String> settings = new ArrayList<>(List.of("tls-port", "" + tlsPort, "tls-cert-file",
                nodes.certificate().toString(), "tls-key-file", nodes.key().toString(), "tls-ca-cert-file",
                nodes.certificate().toString()));
        if (isOurs) {
            settings.addAll(List.of("port", "" + TestServer.freePort()));
        }
        settings.addAll(List.of(more));
        return server(isOurs, settings.toArray(String[]::new));
    }

    @ParameterizedTest
    @EnumSource
    void aPrimaryIsFollowedByTls(Pair pair) {
        int primaryPort = TestServer.freePort();
        int replicaPort = TestServer.freePort();
        TestClient writer = client(server(pair.primaryIsOurs, primaryPort, "tls-auth-clients", "yes"));
        TestClient reader = client(server(pair.replicaIsOurs, replicaPort, "tls-replication", "yes"));
        LinkProxy proxy = keep(new LinkProxy(primaryPort));
        SplittableRandom random = random();
        writer.send("SET", "large", "x".repeat(LARGE_BYTES)).expect(ok());
        write(writer, random, 500);
        follow(reader, proxy.port());
        write(writer, random, 500);
        awaitEqual(writer, reader);
        awaitSame(writer, reader);
        assertThat(fact(writer, "slave0")).contains("port=" + replicaPort + ",state=online");
        proxy.cut();
        writer.send("APPEND", "large", "y".repeat(LARGE_BYTES));
        write(writer, random, 500);
        awaitEqual(writer, reader);
        awaitSame(writer, reader);
        assertThat(fact(writer, "sync_full")).isEqualTo("1");
    }

    @Test
    void aCertificateOfItsOwnIsShownToPrimaries() {
        int primaryPort = TestServer.freePort();
        TestClient writer = client(server(true, primaryPort, "tls-ca-cert-file", others.certificate().toString()));
        TestClient reader = client(server(true, "tls-replication", "yes", "tls-ca-cert-file",
                nodes.certificate().toString()));
        LinkProxy proxy = keep(new LinkProxy(primaryPort));
        follow(reader, proxy.port());
        await("it is turned away without one", () -> proxy.connections() > 1);
        assertThat(fact(reader, "master_link_status")).isEqualTo("down");
        reader.send("CONFIG", "SET", "tls-client-cert-file", others.certificate().toString(), "tls-client-key-file",
                others.key().toString()).expect(ok());
        awaitEqual(writer, reader);
        writer.send("SET", "key", "value").expect(ok());
        writer.send("WAIT", "1", "0").expect(integer(1));
        reader.send("GET", "key").expect(bulk("value"));
    }

    @Test
    void onlyWhomItTrustsIsFollowed() {
        int primaryPort = TestServer.freePort();
        TestClient writer = client(server(true, primaryPort, "tls-auth-clients", "no"));
        TestClient reader = client(server(true, "tls-replication", "yes", "tls-ca-cert-file",
                others.certificate().toString()));
        LinkProxy proxy = keep(new LinkProxy(primaryPort));
        writer.send("SET", "key", "value").expect(ok());
        follow(reader, proxy.port());
        await("it turns away", () -> proxy.connections() > 1);
        assertThat(fact(reader, "master_link_status")).isEqualTo("down");
        assertThat(fact(writer, "sync_full")).isEqualTo("0");
        reader.send("CONFIG", "SET", "tls-ca-cert-file", nodes.certificate().toString()).expect(ok());
        awaitEqual(writer, reader);
        reader.send("GET", "key").expect(bulk("value"));
        reader.send("CONFIG", "SET", "tls-replication", "no").expect(ok());
        proxy.cut();
        await("plain words are of no use there", () -> proxy.connections() > 4);
        assertThat(fact(reader, "master_link_status")).isEqualTo("down");
    }

    @WireTest
    void whatItTakesMustBeThere(TestClient client) {
        for (String setting : List.of("tls-replication", "tls-cluster")) {
            client.send("CONFIG", "SET", setting, "yes").expect(error("ERR CONFIG SET failed (possibly related to "
                    + "argument '" + setting + "') - Unable to update TLS configuration. Check server logs."));
            assertThat(client.send("CONFIG", "GET", setting).texts()).containsExactly(setting, "no");
        }
    }

    @ParameterizedTest
    @EnumSource
    void keysAreSentAwayByTls(Pair pair) {
        int targetPort = TestServer.freePort();
        TestClient source = client(server(pair.primaryIsOurs, TestServer.freePort(), "tls-cluster", "yes"));
        TestClient target = client(server(pair.replicaIsOurs, targetPort, "tls-auth-clients", "yes"));
        source.send("SET", "key", "x".repeat(LARGE_BYTES)).expect(ok());
        source.send("MIGRATE", "127.0.0.1", "" + targetPort, "key", "0", "10000").expect(ok());
        source.send("EXISTS", "key").expect(integer(0));
        target.send("STRLEN", "key").expect(integer(LARGE_BYTES));
    }
}

package dev.cistern.engine.memcached;

import dev.cistern.engine.dispatch.Clock;
import dev.cistern.engine.memcached.MemcachedServer.Maker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A node that is part of a cluster somebody manages: what its clients may not, and what its manager may. */
final class ManagedNodeTest {
    private static final int OPCODE_CONFIG_SET = 0x64;
    private static final int OPCODE_CONFIG_DELETE = 0x66;
    private static final int UNKNOWN_COMMAND = 0x81;

    @Test
    void onlyTheManagerChangesTheConfiguration() {
        try (MemcachedServer server = Maker.CISTERN.start("manager_password", "of-the-manager",
                "cluster_configuration", "1\nhere|127.0.0.1|1\n");
                Wire client = server.connect();
                Wire manager = server.connect()) {
            client.play("""
                    > config set cluster 0 3
                    > abc
                    < ERROR
                    > config delete cluster
                    < ERROR
                    > config parameter watch 0
                    < ERROR
                    > config manager of-the-manage
                    < ERROR
                    > config get cluster
                    < CONFIG cluster 0 19
                    < 1
                    < here|127.0.0.1|1
                    <\s
                    < END
                    """);
            manager.play("""
                    > config manager of-the-manager
                    < OK
                    > config set cluster 0 3
                    > abc
                    < STORED
                    """);
            client.play("""
                    > config get cluster
                    < CONFIG cluster 0 3
                    < abc
                    < END
                    """);
        }
    }

    @Test
    void clientsOfTheBinaryProtocolChangeNothing() {
        try (MemcachedServer server = Maker.CISTERN.start("manager_password", "secret", "cluster_configuration", "x");
                Wire binary = server.connect();
                Wire text = server.connect()) {
            assertThat(status(binary, OPCODE_CONFIG_SET, "cluster", "hijacked")).isEqualTo(UNKNOWN_COMMAND);
            assertThat(status(binary, OPCODE_CONFIG_DELETE, "cluster", "")).isEqualTo(UNKNOWN_COMMAND);
            text.play("""
                    > config get cluster
                    < CONFIG cluster 0 1
                    < x
                    < END
                    """);
        }
    }

    @Test
    void watchingIsSwitchedWhileTheNodeServes() {
        try (MemcachedServer server = Maker.CISTERN.start("manager_password", "secret");
                Wire manager = server.connect();
                Wire client = server.connect()) {
            manager.play("""
                    > config manager secret
                    < OK
                    > config parameter watch 0
                    < OK
                    > config parameter max_item_size 4096
                    < NOT_FOUND
                    > config parameter watch maybe
                    < CLIENT_ERROR bad command line format
                    """);
            client.play("""
                    > watch fetchers
                    < CLIENT_ERROR watch commands not allowed
                    """);
        }
    }

    @Test
    void aPasswordThatNobodyHasLetsNobodyIn() {
        try (MemcachedServer server = Maker.CISTERN.start(); Wire client = server.connect()) {
            client.play("""
                    > config manager x
                    < ERROR
                    """);
        }
    }

    @Test
    void nodesShareThePortOfTheirCluster() {
        int shared = freePort();
        try (MemcachedServer one = Maker.CISTERN.start("configuration_port", Integer.toString(shared),
                "cluster_configuration", "one")) {
            Set<String> met = new HashSet<>();
            try (MemcachedServer other = Maker.CISTERN.start("configuration_port", Integer.toString(shared),
                    "cluster_configuration", "other")) {
                assertThat(one.port()).isNotEqualTo(other.port());
                while (met.size() < 2) {
                    met.add(configuration(shared));
                }
            }
            assertThat(met).containsExactlyInAnyOrder("one", "other");
            for (int i = 0; i < 20; i++) {
                assertThat(configuration(shared)).as("after the other went").isEqualTo("one");
            }
            assertThatThrownBy(() -> MemcachedServer.cistern(Clock.SYSTEM, "port", Integer.toString(shared)))
                    .as("a port for itself alone").hasMessageContaining("cannot listen");
        }
    }

    @Test
    void aVersionHidesWhatItDidNotHave() {
        assertThat(answers("1.4.5", "version", "mn", "mg a v", "touch a 0", "gat 0 a", "config get cluster", "get a"))
                .containsExactly("VERSION 1.4.5", "ERROR", "ERROR", "ERROR", "ERROR", "ERROR", "END");
        assertThat(answers("1.5.10", "mn", "touch a 0", "gat 0 a", "config get cluster"))
                .containsExactly("ERROR", "NOT_FOUND", "END", "END");
        assertThat(answers("1.6.6", "mn", "mg a v")).containsExactly("MN", "EN");
    }

    private static List<String> answers(String version, String... lines) {
        List<String> answers = new ArrayList<>();
        try (MemcachedServer server = Maker.CISTERN.start("version", version); Wire client = server.connect()) {
            for (String line : lines) {
                client.send(line + "\r\n");
                answers.add(client.line());
            }
        }
        return answers;
    }

    private static String configuration(int port) {
        try (Wire wire = new Wire(port)) {
            wire.send("config get cluster\r\n");
            return wire.linesUntil("END").get(1);
        }
    }

    private static int status(Wire wire, int opcode, String key, String value) {
        byte[] keyBytes = key.getBytes(StandardCharsets.ISO_8859_1);
        byte[] valueBytes = value.getBytes(StandardCharsets.ISO_8859_1);
        int body = keyBytes.length + valueBytes.length;
        wire.send(ByteBuffer.allocate(24 + body).put((byte) 0x80).put((byte) opcode).putShort((short) keyBytes.length)
                .putShort((short) 0).putShort((short) 0).putInt(body).putInt(0).putLong(0).put(keyBytes)
                .put(valueBytes).array());
        ByteBuffer header = ByteBuffer.wrap(wire.read(24));
        wire.read(header.getInt(8));
        return header.getShort(6);
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

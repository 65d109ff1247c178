package dev.cistern.engine;

import dev.cistern.engine.memcached.MemcachedNode;
import dev.cistern.engine.memcached.MemcachedOptions;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.testing.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whom a node lets in from its own machine when no rule lets that in: those who run it and can prove it. Everybody else has a
 * connection that is good for nothing.
 */
final class InsidersTest {

    private static NodeOptions closed() {
        return NodeOptions.onPort("n", 0).withInternalUser("inner", "hidden").with("allow-from", "10.0.0.0/8");
    }

    @Test
    void whoRunsTheNodeGetsIn() throws IOException {
        try (TestServer server = TestServer.cistern(closed())) {
            assertThat(says(server.port(), "AUTH inner hidden\r\nSET k v\r\nGET k\r\nQUIT\r\n"))
                    .isEqualTo("+OK\r\n+OK\r\n$1\r\nv\r\n+OK\r\n");
            assertThat(says(server.port(), "PING\r\nAUTH inner hidden\r\nPING\r\nQUIT\r\n"))
                    .isEqualTo("-NOAUTH Authentication required.\r\n+OK\r\n+PONG\r\n+OK\r\n");
        }
    }

    @Test
    void nobodyElseDoes() throws IOException {
        try (TestServer server = TestServer.cistern(closed().with("requirepass", "pw"))) {
            for (String words : new String[]{"GET k\r\nGET k\r\n", "AUTH default x\r\nGET k\r\n", "AUTH x\r\nGET k\r\n",
                    "AUTH inner wrong\r\nGET k\r\n", "RESET\r\nGET k\r\n", "PING\r\nGET k\r\nGET k\r\n",
                    "AUTH pw\r\nGET k\r\n", "HELLO 3 AUTH default pw\r\nGET k\r\n", "HELLO 3\r\nGET k\r\n",
                    "MULTI\r\nGET k\r\nEXEC\r\n", "EVAL return 0\r\n", "SUBSCRIBE c\r\nGET k\r\n"}) {
                assertThat(says(server.port(), words)).as(words).doesNotContain("$-1", "_\r\n", "PONG", "QUEUED", "*");
            }
        }
    }

    /** Without rules everybody is let in, and what a rule allows is an ordinary connection. */
    @Test
    void whomARuleAllowsIsNoInsider() throws IOException {
        try (TestServer server = TestServer.cistern(closed().with("allow-from", "127.0.0.0/8"))) {
            assertThat(says(server.port(), "PING\r\nQUIT\r\n")).isEqualTo("+PONG\r\n+OK\r\n");
        }
    }

    @Test
    void aMemcachedNodeLetsInItsManagerAlone() throws IOException {
        MemcachedOptions options = MemcachedOptions.onPort("m", 0).with("manager_password", "hidden")
                .with("allow_from", "10.0.0.0/8");
        try (EventLoops loops = EventLoops.start(); MemcachedNode node = MemcachedNode.start(options, loops)) {
            assertThat(says(node.port(), "get k\r\nget k\r\n")).doesNotContain("END");
            assertThat(says(node.port(), "config manager wrong\r\nget k\r\n")).doesNotContain("END");
            assertThat(says(node.port(), "\u0080\u000b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"))
                    .doesNotContain("1.6");
            assertThat(says(node.port(), "config manager hidden\r\nget k\r\nconfig parameter allow_from "
                    + "127.0.0.0/8,::1/128\r\nquit\r\n")).isEqualTo("OK\r\nEND\r\nOK\r\n");
            assertThat(says(node.port(), "get k\r\nquit\r\n")).isEqualTo("END\r\n");
        }
    }

    /** All that comes until the other side hangs up; it must hang up, or be asked to. */
    private static String says(int port, String words) throws IOException {
        try (Socket socket = new Socket()) {
            socket.setSoTimeout(10_000);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            socket.getOutputStream().write(words.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (SocketException reset) {
            return "";
        }
    }
}

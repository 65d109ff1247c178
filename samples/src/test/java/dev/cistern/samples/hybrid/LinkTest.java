package dev.cistern.samples.hybrid;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The line, with a server at its far end that sends back what it hears. Only lower bounds of time are asserted. */
final class LinkTest {

    private ServerSocket echo;

    @BeforeEach
    void listen() throws IOException {
        echo = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            while (!echo.isClosed()) {
                try {
                    Socket caller = echo.accept();
                    Thread.ofVirtual().start(() -> {
                        try (caller) {
                            caller.getInputStream().transferTo(caller.getOutputStream());
                        } catch (IOException e) {
                            // The caller has gone.
                        }
                    });
                } catch (IOException e) {
                    return;
                }
            }
        });
    }

    @AfterEach
    void close() throws IOException {
        echo.close();
    }

    private Link link(LinkSettings settings) throws IOException {
        return Link.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), echo.getLocalPort()), settings);
    }

    private static Socket connect(Link link) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), link.port());
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static byte[] roundTrip(Socket socket, byte[] bytes) throws IOException {
        Thread.ofVirtual().start(() -> {
            try {
                socket.getOutputStream().write(bytes);
            } catch (IOException e) {
                // The reader below notices.
            }
        });
        return socket.getInputStream().readNBytes(bytes.length);
    }

    private static long millisOf(Socket socket, byte[] bytes) throws IOException {
        long start = System.nanoTime();
        assertThat(roundTrip(socket, bytes)).isEqualTo(bytes);
        return (System.nanoTime() - start) / 1_000_000;
    }

    @Test
    void bytesArriveWholeAndInOrder() throws Exception {
        byte[] bytes = new byte[3_000_000];
        new Random(5).nextBytes(bytes);
        try (Link link = link(new LinkSettings(3, 0)); Socket socket = connect(link)) {
            assertThat(roundTrip(socket, bytes)).isEqualTo(bytes);
        }
    }

    @Test
    void theLineIsAsLongAndAsNarrowAsItSays() throws Exception {
        try (Link link = link(new LinkSettings(60, 0)); Socket socket = connect(link)) {
            assertThat(millisOf(socket, new byte[1])).isGreaterThanOrEqualTo(120);
            link.set(new LinkSettings(0, 1_000));
            // 50 kB are 400 kbit: 0.4 s there, and back while the rest is still on its way.
            assertThat(millisOf(socket, new byte[50_000])).isGreaterThanOrEqualTo(400);
        }
    }

    @Test
    void allConnectionsShareTheLine() throws Exception {
        try (Link link = link(new LinkSettings(0, 1_000)); Socket one = connect(link); Socket two = connect(link)) {
            long start = System.nanoTime();
            one.getOutputStream().write(new byte[25_000]);
            two.getOutputStream().write(new byte[25_000]);
            one.getInputStream().readNBytes(25_000);
            two.getInputStream().readNBytes(25_000);
            assertThat((System.nanoTime() - start) / 1_000_000).isGreaterThanOrEqualTo(400);
        }
    }

    @Test
    void aCutLineEndsWhatIsConnectedAndLetsNobodyIn() throws Exception {
        try (Link link = link(LinkSettings.NONE); Socket before = connect(link)) {
            assertThat(roundTrip(before, new byte[]{7})).containsExactly(7);
            link.setCut(true);
            assertEnds(before);
            try (Socket during = connect(link)) {
                assertEnds(during);
            }
            link.setCut(false);
            try (Socket after = connect(link)) {
                assertThat(roundTrip(after, new byte[]{8})).containsExactly(8);
            }
        }
    }

    private static void assertEnds(Socket socket) {
        try {
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        } catch (IOException reset) {
            assertThat(reset).hasMessageContaining("reset");
        }
    }

    @Test
    void settingsHaveBounds() {
        assertThatThrownBy(() -> new LinkSettings(-1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LinkSettings(3_000, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LinkSettings(0, 1)).isInstanceOf(IllegalArgumentException.class);
    }
}

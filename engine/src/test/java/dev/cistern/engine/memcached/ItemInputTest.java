package dev.cistern.engine.memcached;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.filter.ThresholdFilter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import dev.cistern.engine.memcached.MemcachedServer.Maker;
import dev.cistern.store.Memory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Any bytes as what a Memcached client sends, in the text, meta or binary protocol: the node answers, closes the
 * connection when the client has, confesses no bug, and holds nothing in the end. For Jazzer, a fuzzer that looks for
 * inputs that reach new code ({@code --target_class} is this one); the seeds alone are a test.
 */
final class ItemInputTest {
    private static final int TIMEOUT_MILLIS = 20_000;
    /** From time to time all is closed, to see that nothing is held. */
    private static final int INPUTS_A_SERVER = 20_000;

    private static final ListAppender<ILoggingEvent> errors = listen();

    private static @Nullable MemcachedServer server;
    private static int inputs;

    /** Jazzer calls it with one input after the other. */
    public static void fuzzerTestOneInput(byte[] input) {
        MemcachedServer present = server();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), present.port())) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.getOutputStream().write(input);
            socket.shutdownOutput();
            var _ = socket.getInputStream().readAllBytes();
        } catch (SocketTimeoutException hang) {
            throw new AssertionError("no end after " + TIMEOUT_MILLIS + " ms", hang);
        } catch (IOException closedByServer) {
            // As it should, when what came is no protocol.
        }
        requireNoBug();
        if (++inputs % INPUTS_A_SERVER == 0) {
            stop();
        }
    }

    /** Replies cannot tell: what clients store may read like a confession. Errors in the log are bugs of ours. */
    private static void requireNoBug() {
        if (!errors.list.isEmpty()) {
            ILoggingEvent error = errors.list.removeFirst();
            throw new AssertionError(error.getFormattedMessage() + ": " + (error.getThrowableProxy() == null
                    ? "no exception"
                    : ThrowableProxyUtil.asString(error.getThrowableProxy())));
        }
    }

    private static ListAppender<ILoggingEvent> listen() {
        ListAppender<ILoggingEvent> appender = new ListAppender<>();
        ThresholdFilter errorsOnly = new ThresholdFilter();
        errorsOnly.setLevel("ERROR");
        errorsOnly.start();
        appender.addFilter(errorsOnly);
        appender.start();
        ((Logger) LoggerFactory.getLogger("dev.cistern")).addAppender(appender);
        return appender;
    }

    private static MemcachedServer server() {
        MemcachedServer present = server;
        if (present == null) {
            present = Maker.CISTERN.start();
            server = present;
        }
        return present;
    }

    @AfterAll
    static void stop() {
        MemcachedServer present = server;
        if (present == null) {
            return;
        }
        server = null;
        present.close();
        assertThat(Memory.heldBytes()).as("bytes held after the end").isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "set a 1 0 3\r\nabc\r\nget a\r\ngets a b\r\ngat 10 a\r\nappend a 0 0 2\r\nde\r\ncas a 0 0 1 1\r\nx\r\n",
            "set n 0 0 1\r\n9\r\nincr n 1\r\ndecr n 18446744073709551615\r\ntouch n -1\r\ndelete n\r\nverbosity 1\r\n",
            "add b 0 0 1 noreply\r\nx\r\nreplace b 0 0 1\r\ny\r\nprepend b 0 0 1\r\nz\r\nflush_all 0\r\nversion\r\n",
            "ms m 2 T90 F5 c\r\nhi\r\nmg m v t f c h l s k O7\r\nma n N0 J13 v\r\nmd m q I T30\r\nme m\r\nmn\r\n",
            "ms Zm9v 1 b MA\r\nx\r\nmg Zm9v b k v R30 N60 E9\r\nms m S1 MP\r\n1\r\nma n MD D2 t\r\n",
            "stats\r\nstats settings\r\nstats items\r\nstats slabs\r\nstats sizes\r\nstats conns\r\nstats detail on\r\n",
            "config get cluster\r\nget AmazonElastiCache:cluster\r\nlru_crawler metadump all\r\nslabs automove 1\r\n",
            "\200\001\000\001\010\000\000\000\000\000\000\012\000\000\000\007\000\000\000\000\000\000\000\000\000\000\000\001\000\000\000\074k1",
            "\200\000\000\001\000\000\000\000\000\000\000\001\000\000\000\002\000\000\000\000\000\000\000\000k\200\013\000\000\000\000\000\000\000\000\000\000\000\000\000\003\000\000\000\000\000\000\000\000",
            "\200\005\000\001\024\000\000\000\000\000\000\025\000\000\000\004\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\001\000\000\000\000\000\000\000\005\000\000\000\000n"})
    void seedsPass(String seed) {
        fuzzerTestOneInput(seed.getBytes(StandardCharsets.ISO_8859_1));
    }
}

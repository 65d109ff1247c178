package dev.cistern.engine;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.store.Memory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Any bytes as what a client sends: the node answers, finds no bug in itself, and holds nothing when it is closed. For
 * Jazzer, a fuzzer that looks for inputs that reach new code ({@code --target_class} is this one); the seeds alone are a
 * test.
 *
 * <p>The client may not do what stops, waits or reaches out; scripts, which may run for ever, have a test of their own.
 */
final class CommandInputTest {
    private static final int TIMEOUT_MILLIS = 20_000;
    /** From time to time all is closed, to see that nothing is held. */
    private static final int INPUTS_A_SERVER = 20_000;
    private static final String[] RIGHTS = {"ACL", "SETUSER", "default", "-@blocking", "-@admin", "-@dangerous",
            "-@scripting", "+keys", "+sort", "+sort_ro", "+restore", "+flushall", "+flushdb", "+swapdb", "+info",
            "+command", "-client|reply"};

    private static TestServer.@Nullable Cistern server;
    private static int inputs;

    /** Jazzer calls it with one input after the other. */
    public static void fuzzerTestOneInput(byte[] input) {
        TestServer.Cistern present = server();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), present.port())) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.getOutputStream().write(input);
            socket.shutdownOutput();
            readAll(socket.getInputStream());
        } catch (java.net.SocketTimeoutException hang) {
            throw new AssertionError("no end after " + TIMEOUT_MILLIS + " ms", hang);
        } catch (IOException closedByServer) {
            // As it should, when what came is no protocol.
        }
        if (present.node().node().counters().bugs.sum() > 0) {
            throw new AssertionError("a bug was found and confessed; the log tells which");
        }
        if (++inputs % INPUTS_A_SERVER == 0) {
            stop();
        }
    }

    private static void readAll(InputStream in) throws IOException {
        byte[] buffer = new byte[8192];
        int read = 0;
        while (read >= 0) {
            read = in.read(buffer);
        }
    }

    private static TestServer.Cistern server() {
        TestServer.Cistern present = server;
        if (present == null) {
            present = (TestServer.Cistern) TestServer.cistern();
            try (TestClient client = present.connect()) {
                client.send(RIGHTS).expect(dev.cistern.engine.testing.WireReply.ok());
            }
            server = present;
        }
        return present;
    }

    @AfterAll
    static void stop() {
        TestServer.Cistern present = server;
        if (present == null) {
            return;
        }
        server = null;
        present.close();
        if (Memory.heldBytes() != 0) {
            throw new UncheckedIOException(new IOException(Memory.heldBytes() + " bytes are held after the end"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "SET k v\r\nAPPEND k w\r\nGETRANGE k 0 -1\r\nSETRANGE k 3 x\r\nBITFIELD k SET u8 0 200 INCRBY i5 #1 3\r\n",
            "RPUSH l a b c\r\nLINSERT l BEFORE b x\r\nLMOVE l m LEFT RIGHT\r\nLPOS l c RANK -1 COUNT 0 MAXLEN 9\r\n",
            "SADD s 1 2 3\r\nSADD s x\r\nSINTERCARD 2 s s LIMIT 1\r\nSMOVE s t x\r\nSSCAN s 0 MATCH * COUNT 2\r\n",
            "ZADD z 1 a 2 b\r\nZRANGE z (1 +inf BYSCORE LIMIT 0 1 WITHSCORES\r\nZUNIONSTORE y 2 z z WEIGHTS 1 2 AGGREGATE MAX\r\n",
            "HSET h a 1 b 2\r\nHINCRBYFLOAT h a 0.5\r\nHEXPIRE h 100 FIELDS 1 a\r\nHRANDFIELD h -3 WITHVALUES\r\n",
            "XADD x 1-1 a b\r\nXGROUP CREATE x g 0\r\nXREADGROUP GROUP g c STREAMS x >\r\nXAUTOCLAIM x g d 0 0\r\nXTRIM x MAXLEN ~ 1\r\n",
            "PFADD p a b\r\nPFMERGE q p\r\nGEOADD g 13.3 38.1 a\r\nGEOSEARCH g BYPOLYGON 3 10 30 20 30 15 50 WITHDIST\r\n",
            "MULTI\r\nINCR n\r\nGET n\r\nEXEC\r\nWATCH n\r\nSET n 1 EX 10 NX GET\r\nCOPY n m REPLACE\r\nDUMP n\r\n",
            "HELLO 3\r\nSUBSCRIBE c\r\nPUBLISH c x\r\nCLIENT TRACKING ON BCAST PREFIX a\r\nCLIENT LIST TYPE normal\r\n",
            "COMMAND GETKEYS SET a b\r\nCOMMAND DOCS get\r\nOBJECT ENCODING k\r\nSCAN 0 TYPE string\r\nSORT l ALPHA BY x* GET #\r\n",
            "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\nv\0v\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
            "RESTORE r 0 \"\\x00\\x01a\\x0b\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\"\r\nLCS k k IDX\r\n"})
    void seedsPass(String seed) {
        fuzzerTestOneInput(seed.getBytes(StandardCharsets.ISO_8859_1));
    }
}

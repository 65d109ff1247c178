package dev.cistern.engine;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.map;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.real;
import static dev.cistern.engine.testing.WireReply.set;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** What the protocol allows, what it forbids, and how it says so. */
final class ProtocolTest {

    @WireTest
    void inlineCommands(TestClient client) {
        client.raw("PING\r\n");
        client.read().expect(status("PONG"));
        client.raw("  ECHO   \"a\\x41\\n'b\"  \n");
        client.read().expect(bulk("aA\n'b"));
        client.raw("ECHO 'it\\'s \\x41'\r\n");
        client.read().expect(bulk("it's \\x41"));
        client.raw("\r\n\r\nPING\r\n");
        client.read().expect(status("PONG"));
    }

    @WireTest
    void unbalancedQuotes(TestClient client) {
        client.raw("SET a \"foo\r\n");
        expectEnd(client, "ERR Protocol error: unbalanced quotes in request");
    }

    @WireTest
    void somethingBehindTheQuote(TestClient client) {
        client.raw("SET a \"foo\"bar\r\n");
        expectEnd(client, "ERR Protocol error: unbalanced quotes in request");
    }

    @WireTest
    void inlineLineTooLong(TestClient client) {
        client.raw("a".repeat(65 * 1024));
        expectEnd(client, "ERR Protocol error: too big inline request");
    }

    @DisplayName("Empty / zero-length requests confusing parser state")
    @WireTest
    void emptyArraysAreIgnored(TestClient client) {
        client.raw("*0\r\n*-1\r\n*-100\r\n*1\r\n$4\r\nPING\r\n");
        client.read().expect(status("PONG"));
    }

    @WireTest
    void wrongArrayLength(TestClient client) {
        client.raw("*x\r\n");
        expectEnd(client, "ERR Protocol error: invalid multibulk length");
    }

    @WireTest
    void hugeArrayLength(TestClient client) {
        client.raw("*2147483648\r\n");
        expectEnd(client, "ERR Protocol error: invalid multibulk length");
    }

    @WireTest
    void leadingZeroInLength(TestClient client) {
        client.raw("*01\r\n");
        expectEnd(client, "ERR Protocol error: invalid multibulk length");
    }

    @WireTest
    void arrayLengthWithoutEnd(TestClient client) {
        client.raw("*1" + "1".repeat(66_000));
        expectEnd(client, "ERR Protocol error: too big mbulk count string");
    }

    @WireTest
    void bulkLengthWithoutEnd(TestClient client) {
        client.raw("*1\r\n$1" + "1".repeat(66_000));
        expectEnd(client, "ERR Protocol error: too big bulk count string");
    }

    @WireTest
    void noBulkString(TestClient client) {
        client.raw("*1\r\n!abc\r\n");
        expectEnd(client, "ERR Protocol error: expected '$', got '!'");
    }

    @WireTest
    void negativeBulkLength(TestClient client) {
        client.raw("*1\r\n$-1\r\n");
        expectEnd(client, "ERR Protocol error: invalid bulk length");
    }

    @WireTest
    void bulkLengthBeyondTheLimit(TestClient client) {
        client.raw("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2000000000\r\n");
        expectEnd(client, "ERR Protocol error: invalid bulk length");
    }

    @WireTest
    void whatCameBeforeTheErrorIsAnswered(TestClient client) {
        client.raw("PING\r\n*1\r\n$abc\r\n");
        client.read().expect(status("PONG"));
        expectEnd(client, "ERR Protocol error: invalid bulk length");
    }

    @DisplayName("Pre-auth memory exhaustion by headers: count")
    @WireTest(settings = {"requirepass", "secret"})
    void fewArgumentsBeforeAuthentication(TestClient client) {
        client.raw("*11\r\n");
        expectEnd(client, "ERR Protocol error: unauthenticated multibulk length");
    }

    @DisplayName("Pre-auth memory exhaustion by headers: length")
    @WireTest(settings = {"requirepass", "secret"})
    void smallArgumentsBeforeAuthentication(TestClient client) {
        client.raw("*2\r\n$4\r\nAUTH\r\n$16385\r\n");
        expectEnd(client, "ERR Protocol error: unauthenticated bulk length");
    }

    private static void expectEnd(TestClient client, String error) {
        client.read().expect(error(error));
        assertThat(client.isClosedByServer()).isTrue();
    }

    @DisplayName("Cross-protocol scripting: POST")
    @WireTest
    void browsersAreCutOff(TestClient client) {
        client.raw("POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET a b\r\n");
        assertThat(client.isClosedByServer()).isTrue();
    }

    @DisplayName("Cross-protocol scripting: Host")
    @WireTest
    void hostLinesAreCutOff(TestClient client) {
        client.raw("Host: localhost\r\n");
        assertThat(client.isClosedByServer()).isTrue();
    }

    @WireTest
    void pipelinesOfAnyLengthAreAnsweredInOrder(TestClient client) {
        StringBuilder pipeline = new StringBuilder();
        for (int i = 0; i < 5_000; i++) {
            pipeline.append(new String(TestClient.encode("ECHO", "m" + i), StandardCharsets.ISO_8859_1));
        }
        client.raw(pipeline.toString());
        for (int i = 0; i < 5_000; i++) {
            client.read().expect(bulk("m" + i));
        }
    }

    /** Two sessions share a parser: what one left half read must not be mistaken for the other's, or for an older one. */
    @DisplayName("Inline abuse, NUL, CR without LF, lone LF: split at every byte")
    @WireTest
    void pipelinesCutAnywhere(TestClient client, TestClient other) throws InterruptedException {
        byte[] pipeline = pipeline("one", "two", "three", "four", "five", "six");
        byte[] otherPipeline = pipeline("7", "8", "9");
        for (int cut = 1; cut < pipeline.length; cut++) {
            int otherCut = 1 + cut % (otherPipeline.length - 1);
            client.raw(Arrays.copyOf(pipeline, cut));
            other.raw(Arrays.copyOf(otherPipeline, otherCut));
            Thread.sleep(2);
            client.raw(Arrays.copyOfRange(pipeline, cut, pipeline.length));
            other.raw(Arrays.copyOfRange(otherPipeline, otherCut, otherPipeline.length));
            for (String word : List.of("one", "two", "three", "four", "five", "six")) {
                client.read().expect(bulk(word));
            }
            for (String word : List.of("7", "8", "9")) {
                other.read().expect(bulk(word));
            }
        }
    }

    private static byte[] pipeline(String... words) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String word : words) {
            bytes.writeBytes(TestClient.encode("ECHO", word));
        }
        return bytes.toByteArray();
    }

    @WireTest
    void requestsInSmallPieces(TestClient client) {
        byte[] request = TestClient.encode("SET", "key", "value");
        for (byte one : request) {
            client.raw(new byte[]{one});
        }
        client.read().expect(ok());
        client.send("GET", "key").expect(bulk("value"));
    }

    @WireTest
    void largeValuesComeAndGo(TestClient client) {
        for (int size : new int[]{0, 1, 16_000, 65_536, 100_000, 1 << 20, 20 << 20}) {
            String value = "x".repeat(size);
            client.send("SET", "large", value).expect(ok());
            assertThat(client.send("GET", "large").text()).hasSize(size);
            client.raw(new String(TestClient.encode("GET", "large"), StandardCharsets.ISO_8859_1) + "PING\r\n");
            assertThat(client.read().text()).isEqualTo(value);
            client.read().expect(status("PONG"));
        }
    }

    @WireTest
    void manyArguments(TestClient client) {
        String[] request = new String[100_001];
        request[0] = "DEL";
        for (int i = 1; i < request.length; i++) {
            request[i] = "k" + i;
        }
        client.send("SET", "k77777", "v").expect(ok());
        client.send(request).expect(integer(1));
        client.send("PING").expect(status("PONG"));
    }

    @WireTest
    void longUnknownCommandsAreCut(TestClient client) {
        client.send("x".repeat(200), "y".repeat(200), "z").expect(error("ERR unknown command '" + "x".repeat(128)
                + "', with args beginning with: '" + "y".repeat(128) + "' "));
        client.send("foo", "a\r\nb").expect(
                error("ERR unknown command 'foo', with args beginning with: 'a  b' "));
        client.send("").expect(error("ERR unknown command '', with args beginning with: "));
    }

    @WireTest
    void unknownSubcommands(TestClient client) {
        client.send("client", "nope").expect(error("ERR unknown subcommand 'nope'. Try CLIENT HELP."));
        client.send("CLIENT").expect(error("ERR wrong number of arguments for 'client' command"));
        client.send("CLIENT", "LIST", "ID").expect(error("ERR syntax error"));
        client.send("CONFIG", "GET").expect(error("ERR wrong number of arguments for 'config|get' command"));
        client.send("RESTORE-nothing").expect(
                error("ERR unknown command 'RESTORE-nothing', with args beginning with: "));
    }

    @WireTest
    void shapesInResp2(TestClient client) {
        client.send("DEBUG", "PROTOCOL", "map").expect(array(0, 0, 1, 1, 2, 0));
        client.send("DEBUG", "PROTOCOL", "set").expect(array(0, 1, 2));
        client.send("DEBUG", "PROTOCOL", "double").expect(bulk("3.141"));
        client.send("DEBUG", "PROTOCOL", "null").expect(nil());
        client.send("DEBUG", "PROTOCOL", "true").expect(integer(1));
        client.send("DEBUG", "PROTOCOL", "verbatim").expect(bulk("This is a verbatim\nstring"));
        client.send("DEBUG", "PROTOCOL", "bignum").expect(bulk("1234567999999999999999999999999999999"));
        client.send("DEBUG", "PROTOCOL", "push").expect(error("ERR RESP2 is not supported by this command"));
        client.send("DEBUG", "PROTOCOL", "attrib").expect(bulk("Some real reply following the attribute"));
    }

    @WireTest
    void shapesInResp3(TestClient client) {
        client.send("HELLO", "3");
        client.send("DEBUG", "PROTOCOL", "map").expect(map(0, new WireReply.Bool(false), 1, new WireReply.Bool(true),
                2, new WireReply.Bool(false)));
        client.send("DEBUG", "PROTOCOL", "set").expect(set(0, 1, 2));
        client.send("DEBUG", "PROTOCOL", "double").expect(real("3.141"));
        client.send("DEBUG", "PROTOCOL", "null").expect(WireReply.null3());
        client.send("DEBUG", "PROTOCOL", "true").expect(new WireReply.Bool(true));
        client.send("DEBUG", "PROTOCOL", "verbatim").expect(
                new WireReply.Verbatim("txt", "This is a verbatim\nstring"));
        client.send("DEBUG", "PROTOCOL", "bignum").expect(
                new WireReply.BigNumber("1234567999999999999999999999999999999"));
        client.send("DEBUG", "PROTOCOL", "push").expect(
                new WireReply.Push(java.util.List.of(bulk("server-cpu-usage"), integer(42))));
        client.read().expect(bulk("Some real reply following the push reply"));
        client.send("GET", "missing").expect(WireReply.null3());
    }

    @WireTest
    void otherClientsAreServedWhileOneSendsHalfRequests(TestServer server, TestClient other) {
        try (TestClient half = server.connect()) {
            half.raw("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$100000000\r\nabc");
            other.send("PING").expect(status("PONG"));
        }
        other.send("EXISTS", "a").expect(integer(0));
    }
}

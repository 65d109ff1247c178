package dev.cistern.engine.dispatch;

import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.protocol.RequestParser;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Prefetcher;
import dev.cistern.store.Store;
import dev.cistern.store.StoreOptions;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** How far the looking ahead goes, and what it reads; what it fetches is seen in the store's own tests. */
final class LookAheadTest {
    private static final String GET = "*2\r\n$3\r\nGET\r\n$6\r\nkey:01\r\n";

    private final Store store = new Store(StoreOptions.seeded(1));
    private final Keyspace keyspace = store.openKeyspace(0);
    private final LookAhead lookAhead = new LookAhead();
    private final Request request = new Request();
    private final RequestParser parser = new RequestParser(request);
    private final Request parsed = new Request();
    private final RequestParser judge = new RequestParser(parsed);

    @AfterEach
    void close() {
        keyspace.close();
        store.close();
    }

    @Test
    void goesOverAsManyRequestsAsAreFetchedAtOnce() {
        assertThat(lookedAt(GET.repeat(40))).isEqualTo((long) Prefetcher.MOST_KEYS * GET.length());
    }

    @Test
    void stopsWhereTheBytesEnd() {
        String set = "*3\r\n$3\r\nSET\r\n$2\r\nk1\r\n$5\r\nvalue\r\n";
        String whole = GET + set + GET;
        for (int length = whole.length(); length < whole.length() + GET.length(); length++) {
            assertThat(lookedAt((whole + GET).substring(0, length))).isEqualTo(whole.length());
        }
    }

    @Test
    void stopsBeforeWhatIsNoUsualRequest() {
        for (String strange : new String[]{"PING\r\n", "*-1\r\n", "*0\r\n", "*2\n", "$3\r\n",
                "*99\r\n", "*2\r\n$3\r\nGET\r\n$-1\r\n", "*2\r\n$3\r\nGET\r\n$99999999999\r\n", "*2\r\n:3\r\n",
                "\r\n", "*02\r\n$3\r\nGET\r\n$1\r\nk\r\n", "*2\r\n$03\r\nGET\r\n$1\r\nk\r\n",
                "*2\r\n$3\r\nGET\r\n$\r\n\r\n", "*2\r\n$3\r\nGET\r\n$16385\r\n" + "k".repeat(16_385) + "\r\n"}) {
            assertThat(lookedAt(GET.repeat(3) + strange + GET.repeat(3))).as(strange).isEqualTo(3L * GET.length());
        }
    }

    @Test
    void looksAtNothingShort() {
        assertThat(lookedAt(GET)).isZero();
    }

    @Test
    void readsRequestsOfOneWordToo() {
        String ping = "*1\r\n$4\r\nPING\r\n";
        assertThat(lookedAt(GET + ping + GET)).isEqualTo(2L * GET.length() + ping.length());
    }

    /** Whatever it takes for a request, the parser takes for the same one. */
    @Test
    void readsWhatTheParserReads() {
        SplittableRandom random = new SplittableRandom(Long.getLong("cistern.seed", 5));
        String letters = "*$0123456789\r\n";
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder(GET.repeat(random.nextInt(4)));
            for (int words = random.nextInt(6); words > 0; words--) {
                text.append(request(random));
            }
            for (int length = random.nextInt(80); length > 0; length--) {
                text.append(letters.charAt(random.nextInt(letters.length())));
            }
            assertThat(lookedAt(text.toString())).isNotNegative();
        }
    }

    private static String request(SplittableRandom random) {
        int arguments = 1 + random.nextInt(10);
        StringBuilder text = new StringBuilder("*" + arguments + "\r\n");
        for (int i = 0; i < arguments; i++) {
            int length = random.nextInt(random.nextInt(50) == 0 ? 20_000 : 120);
            text.append('$').append(length).append("\r\n").repeat("x", length).append("\r\n");
        }
        return text.toString();
    }

    /** How many bytes the requests take that were looked at, each of which the parser reads in the same way. */
    private long lookedAt(String text) {
        Bytes bytes = Bytes.copyOf(text + " ".repeat(Long.BYTES));
        parser.begin(bytes.address(), text.length());
        judge.begin(bytes.address(), text.length());
        parser.limits(false, 1 << 20);
        judge.limits(false, 1 << 20);
        lookAhead.begin();
        assertThat(lookAhead.isDue(bytes.address())).isTrue();
        lookAhead.look(keyspace, bytes.address(), text.length());
        while (lookAhead.take(request, parser)) {
            assertThat(judge.next()).isEqualTo(RequestParser.Result.REQUEST);
            assertThat(parser.start()).isEqualTo(judge.start());
            assertThat(arguments(request)).isEqualTo(arguments(parsed));
        }
        long looked = parser.start() - bytes.address();
        bytes.free();
        return looked;
    }

    private static List<String> arguments(Request read) {
        return IntStream.range(0, read.count()).mapToObj(read::text).toList();
    }
}

package dev.cistern.engine.dispatch;

import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Prefetcher;
import dev.cistern.store.Store;
import dev.cistern.store.StoreOptions;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** How far the looking ahead goes; what it fetches is seen in the store's own tests. */
final class LookAheadTest {
    private static final String GET = "*2\r\n$3\r\nGET\r\n$6\r\nkey:01\r\n";

    private final Store store = new Store(StoreOptions.seeded(1));
    private final Keyspace keyspace = store.openKeyspace(0);
    private final LookAhead lookAhead = new LookAhead();

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
        for (String strange : new String[]{"PING\r\n", "*1\r\n$4\r\nPING\r\n", "*-1\r\n", "*0\r\n", "*2\n", "$3\r\n",
                "*99\r\n", "*2\r\n$3\r\nGET\r\n$-1\r\n", "*2\r\n$3\r\nGET\r\n$99999999999\r\n", "*2\r\n:3\r\n",
                "\r\n"}) {
            assertThat(lookedAt(GET.repeat(3) + strange + GET.repeat(3))).as(strange).isEqualTo(3L * GET.length());
        }
    }

    @Test
    void looksAtNothingShort() {
        assertThat(lookedAt("*1\r\n$4\r\nPING\r\n")).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void survivesAnyBytes() {
        SplittableRandom random = new SplittableRandom(5);
        String letters = "*$0123456789\r\n";
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder(GET.repeat(random.nextInt(4)));
            for (int length = random.nextInt(80); length > 0; length--) {
                text.append(letters.charAt(random.nextInt(letters.length())));
            }
            assertThat(lookedAt(text.toString())).isNotNegative();
        }
    }

    /** How many bytes the requests take that were looked at; all there can be if the looking is not worth it. */
    private long lookedAt(String text) {
        Bytes bytes = Bytes.copyOf(text);
        lookAhead.begin();
        assertThat(lookAhead.isDue(bytes.address())).isTrue();
        lookAhead.look(keyspace, bytes.address(), text.length());
        long looked = 0;
        while (looked <= text.length() + 1 && !lookAhead.isDue(bytes.address() + looked)) {
            looked++;
        }
        bytes.free();
        return looked > text.length() + 1 ? Long.MAX_VALUE : looked - 1;
    }
}

package dev.cistern.toolkit;

import dev.cistern.toolkit.backend.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** What every backend must do, run against the originals. */
abstract class BackendContract {

    abstract Backend backend();

    private String read(String key) {
        return new String(backend().get(key, Freshness.PRIMARY).join(), UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    @Test
    void storesReadsAndDeletes() {
        assertThat(read("c1")).isEmpty();
        backend().set("c1", bytes("v\r\n1"), 60_000).join();
        assertThat(read("c1")).isEqualTo("v\r\n1");
        backend().set("c1", bytes("v2"), Backend.NO_EXPIRY).join();
        assertThat(read("c1")).isEqualTo("v2");
        backend().delete(List.of("c1", "never-there")).join();
        assertThat(read("c1")).isEmpty();
        backend().delete(List.of()).join();
    }

    @Test
    void addsOnlyWhereNothingIs() {
        assertThat(backend().add("c2", bytes("first"), 60_000).join()).isTrue();
        assertThat(backend().add("c2", bytes("second"), 60_000).join()).isFalse();
        assertThat(read("c2")).isEqualTo("first");
    }

    @Test
    void deletesOnlyWhatIsExpected() {
        backend().set("c3", bytes("mine"), 60_000).join();
        assertThat(backend().deleteIfEquals("c3", bytes("yours")).join()).isFalse();
        assertThat(read("c3")).isEqualTo("mine");
        assertThat(backend().deleteIfEquals("c3", bytes("mine")).join()).isTrue();
        assertThat(read("c3")).isEmpty();
        assertThat(backend().deleteIfEquals("c3", bytes("mine")).join()).isFalse();
    }

    @Test
    void readsManyOfWhichSomeAreThere() {
        List<String> keys = new ArrayList<>();
        for (int n = 0; n < 350; n++) {
            keys.add("many" + n);
            if (n % 2 == 0) {
                backend().set("many" + n, bytes("value" + n), 60_000).join();
            }
        }
        Map<String, byte[]> found = backend().getAll(keys, Freshness.REPLICA_OK).join();
        assertThat(found).hasSize(175);
        assertThat(found.get("many348")).isEqualTo(bytes("value348"));
        assertThat(backend().getAll(List.of(), Freshness.PRIMARY).join()).isEmpty();
    }

    @Test
    void largeValuesTravelWhole() {
        byte[] large = new byte[700_000];
        new SplittableRandom(4).nextBytes(large);
        backend().set("large", large, 60_000).join();
        assertThat(backend().get("large", Freshness.PRIMARY).join()).isEqualTo(large);
    }

    @Test
    void whatExpiresIsGone() {
        backend().set("c4", bytes("short"), 1_000).join();
        await().until(() -> read("c4").isEmpty());
        long fortyDays = 40L * 24 * 60 * 60 * 1_000;
        backend().set("c5", bytes("long"), fortyDays).join();
        assertThat(read("c5")).isEqualTo("long");
    }
}

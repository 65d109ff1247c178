package dev.cistern.toolkit.backend;

import dev.cistern.toolkit.FakeBackend;
import dev.cistern.toolkit.FakeClock;
import dev.cistern.toolkit.Freshness;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

/** Copies, and the races in which a reply meets its own invalidation. */
final class NearBackendTest {

    private final FakeBackend server = new FakeBackend(new FakeClock());
    private final NearBackend near = new NearBackend(server, 100, Duration.ofMinutes(1));

    private String read(Freshness freshness) {
        return new String(near.get("k", freshness).join(), UTF_8);
    }

    private void change(String value) {
        server.set("k", value.getBytes(UTF_8), 60_000).join();
    }

    @Test
    void theSecondReadStaysHereUntilTheServerSaysChanged() {
        change("one");
        assertThat(read(Freshness.REPLICA_OK)).isEqualTo("one");
        server.roundTrips = 0;
        assertThat(read(Freshness.REPLICA_OK)).isEqualTo("one");
        assertThat(near.getAll(List.of("k"), Freshness.REPLICA_OK).join()).containsOnlyKeys("k");
        assertThat(server.roundTrips).isZero();
        change("two");
        assertThat(read(Freshness.REPLICA_OK)).isEqualTo("two");
    }

    @Test
    void primaryMeansPrimary() {
        change("one");
        read(Freshness.REPLICA_OK);
        server.roundTrips = 0;
        assertThat(read(Freshness.PRIMARY)).isEqualTo("one");
        assertThat(server.roundTrips).isEqualTo(1);
    }

    @Test
    void nothingIsKeptWhileChangesAreNotAnnounced() {
        change("one");
        read(Freshness.REPLICA_OK);
        near.lost();
        assertThat(near.size()).isZero();
        read(Freshness.REPLICA_OK);
        assertThat(near.size()).isZero();
        near.tracking();
        read(Freshness.REPLICA_OK);
        assertThat(near.size()).isEqualTo(1);
    }

    @Test
    void aReplyThatItsInvalidationOvertookIsNotKept() {
        CompletableFuture<byte[]> reply = new CompletableFuture<>();
        FakeBackend slow = new FakeBackend(new FakeClock()) {
            @Override
            public CompletableFuture<byte[]> get(String key, Freshness freshness) {
                return reply;
            }
        };
        NearBackend copies = new NearBackend(slow, 100, Duration.ofMinutes(1));
        CompletableFuture<byte[]> read = copies.get("k", Freshness.REPLICA_OK);
        copies.changed(List.of("k"));
        reply.complete("old".getBytes(UTF_8));
        assertThat(read.join()).isNotEmpty();
        assertThat(copies.size()).isZero();
    }

    @Test
    void aReadThatBeganBeforeTrackingIsNotKept() {
        CompletableFuture<byte[]> reply = new CompletableFuture<>();
        FakeBackend slow = new FakeBackend(new FakeClock()) {
            @Override
            public CompletableFuture<byte[]> get(String key, Freshness freshness) {
                return reply;
            }
        };
        NearBackend copies = new NearBackend(slow, 100, Duration.ofMinutes(1));
        CompletableFuture<byte[]> read = copies.get("k", Freshness.REPLICA_OK);
        copies.lost();
        copies.tracking();
        reply.complete("old".getBytes(UTF_8));
        assertThat(read.join()).isNotEmpty();
        assertThat(copies.size()).isZero();
    }
}

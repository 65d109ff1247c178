package dev.cistern.control.workflow;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.Secret;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.EventRow;
import dev.cistern.control.resource.GroupAccess;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.state.Database;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** What is told of a primary that is out of sight, and how often. */
final class AlarmsTest {

    private static final ResourceKey GROUP = new ResourceKey("000000000000", "us-east-1", "g");
    private static final String BEGIN = "Primary node g-001 does not answer. Nothing is done about it, because of that";
    private static final String END = "Primary node g-001 answers again";
    private static final long LASTING = TimeUnit.NANOSECONDS.toSeconds(Alarms.LASTING_NANOS);
    private static final long OVER = TimeUnit.NANOSECONDS.toSeconds(Alarms.OVER_NANOS);

    @TempDir
    Path folder;

    private Database database;
    private Alarms alarms;
    private Post post;

    @BeforeEach
    void open() {
        database = Database.open(folder.resolve("state"));
        alarms = new Alarms(database, new EventLog(Clock.systemUTC(), 1_000));
        post = new Post(
                new ReplicationGroup(GROUP, 0, ReplicationGroupStatus.AVAILABLE, "d", EngineType.VALKEY, "abc123",
                        ReplicationGroup.ENABLED, false, ReplicationGroup.DISABLED, 0, GroupAccess.OPEN, null),
                NodeGroup.fresh(GROUP, NodeGroup.FIRST, null, "g-001", 1, 2),
                new CacheNode(GROUP.sibling("g-001"), "0001", 0, "g-001-abc123-0001", CacheNodeStatus.AVAILABLE, true,
                        "us-east-1a", "127.0.0.1", 3, Secret.generate(new SecureRandom()), 0, ""),
                List.of());
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void whatIsOverSoonIsNotTold() {
        for (int second = 0; second < 100; second += 10) {
            raise(second);
            raise(second + LASTING - 1);
            calm(second + LASTING);
        }
        assertThat(told()).isEmpty();
    }

    @Test
    void whatLastsIsToldOnceAndItsEndToo() {
        for (int second = 0; second <= 60; second++) {
            raise(second);
        }
        assertThat(told()).containsExactly(BEGIN);
        for (int second = 61; second <= 120; second++) {
            calm(second);
        }
        assertThat(told()).containsExactly(BEGIN, END);
        raise(200);
        raise(200 + LASTING);
        assertThat(told()).as("another time").containsExactly(BEGIN, END, BEGIN);
    }

    @Test
    void oneThatComesAndGoesIsToldOnce() {
        for (int second = 0; second < 100; second += 5) {
            raise(second);
            raise(second + LASTING);
            calm(second + LASTING + 1);
        }
        assertThat(told()).containsExactly(BEGIN);
        calm(100 + OVER);
        assertThat(told()).containsExactly(BEGIN, END);
    }

    /** A failover tells of itself, and a primary that is none any more is nobody's concern. */
    @Test
    void whatIsDoneAboutItEndsIt() {
        raise(0);
        raise(LASTING);
        alarms.forget(post.primary());
        calm(100);
        raise(200);
        raise(200 + LASTING);
        alarms.retain(Set.of());
        calm(300);
        assertThat(told()).containsExactly(BEGIN, BEGIN);
    }

    private void raise(long second) {
        alarms.raise(post, "of that", TimeUnit.SECONDS.toNanos(second));
    }

    private void calm(long second) {
        alarms.calm(post, TimeUnit.SECONDS.toNanos(second));
    }

    /** The group's events, which are the primary's too. */
    private List<String> told() {
        List<String> ofGroup = events("replication-group", "g");
        assertThat(events("cache-cluster", "g-001")).isEqualTo(ofGroup);
        return ofGroup;
    }

    private List<String> events(String type, String id) {
        return database.read(handle -> EventRow.TABLE.select(handle,
                "where source_type = ? and source_id = ? order by event_id", type, id)).stream().map(EventRow::message)
                .toList();
    }
}

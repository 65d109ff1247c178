package dev.cistern.control.state;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.ClusterSettings;
import dev.cistern.control.resource.EventRow;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.PortLease;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.TagRow;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Records and tables fit together, and of two writers of one row one begins again. */
final class DatabaseTest {

    private static final ResourceKey KEY = new ResourceKey("000000000000", "us-east-1", "c");
    private static final CacheCluster CLUSTER = new CacheCluster(KEY, 0, CacheClusterStatus.CREATING, EngineType.VALKEY,
            "abc123", "us-east-1a", 1, 1_700_000_000_000L, null, null, new ClusterSettings("8.0.1", "cache.t3.micro",
                    "default.valkey8", "sun:05:00-sun:06:00", "03:00-04:00", 0, true),
            null, false, "default");

    @TempDir
    Path directory;

    @Test
    void everyTableHasTheColumnsOfItsRecordAndNoOther() {
        try (Database database = Database.open(directory.resolve("state"))) {
            for (Table<?> table : List.of(CacheCluster.TABLE, CacheNode.TABLE, ReplicationGroup.TABLE, NodeGroup.TABLE,
                    PortLease.TABLE, TagRow.TABLE, EventRow.TABLE)) {
                List<String> columns = database.read(handle -> handle.select(
                        "select column_name from information_schema.columns where table_name = ? order by ordinal_position",
                        table.name()).mapTo(String.class).list());
                assertThat(columns).as(table.name()).isEqualTo(table.columns());
            }
        }
    }

    @Test
    void theNewestMigrationIsTheOneThatCountsAsUpToDate() throws Exception {
        Path migrations = Path.of(Objects.requireNonNull(
                Database.class.getResource("/dev/cistern/control/migrations/V1__foundation.sql")).toURI()).getParent();
        try (Stream<Path> files = Files.list(migrations)) {
            assertThat(files.map(file -> file.getFileName().toString())
                    .mapToInt(name -> Integer.parseInt(name.substring(1, name.indexOf("__")))).max())
                    .hasValue(Integer.parseInt(Database.NEWEST_MIGRATION));
        }
        for (int opened = 0; opened < 2; opened++) {
            try (Database database = Database.open(directory.resolve("state"))) {
                assertThat(database.<Long>read(handle -> TagRow.TABLE.count(handle, ""))).isZero();
            }
        }
    }

    @Test
    void aRecordComesBackAsItWent() {
        try (Database database = Database.open(directory.resolve("state"))) {
            database.run(handle -> CacheCluster.TABLE.insert(handle, CLUSTER));
            assertThat(stored(database)).isEqualTo(CLUSTER);
            CacheCluster changed = database
                    .change(handle -> CacheCluster.TABLE.update(handle, CLUSTER.withPendingNodeType("cache.t3.small")));
            assertThat(changed.version()).isEqualTo(1);
            assertThat(stored(database)).isEqualTo(changed);
        }
    }

    @Test
    void aRowThatWasChangedMeanwhileIsNotOverwritten() {
        try (Database database = Database.open(directory.resolve("state"))) {
            database.run(handle -> CacheCluster.TABLE.insert(handle, CLUSTER));
            database.run(handle -> CacheCluster.TABLE.update(handle, CLUSTER.withStatus(CacheClusterStatus.AVAILABLE)));
            AtomicInteger attempts = new AtomicInteger();
            database.run(handle -> {
                // The first attempt goes by what was read long ago, as a transaction that was overtaken does.
                CacheCluster seen = attempts.getAndIncrement() == 0
                        ? CLUSTER
                        : Objects.requireNonNull(CacheCluster.find(handle, KEY));
                CacheCluster.TABLE.update(handle, seen.withPendingNodeType("cache.t3.small"));
            });
            assertThat(attempts).hasValue(2);
            CacheCluster now = Objects.requireNonNull(stored(database));
            assertThat(now.status()).isEqualTo(CacheClusterStatus.AVAILABLE);
            assertThat(now.pendingNodeType()).isEqualTo("cache.t3.small");
        }
    }

    /** Whoever reads a group and then its members finds none of them gone. */
    @Test
    void whatIsReadInOneGoIsOfOneMoment() {
        try (Database database = Database.open(directory.resolve("state"))) {
            database.run(handle -> CacheCluster.TABLE.insert(handle, CLUSTER));
            database.run(handle -> TagRow.TABLE.insert(handle, new TagRow(CLUSTER.arn(), "team", "shop")));
            database.<@Nullable Object>read(handle -> {
                assertThat(CacheCluster.find(handle, KEY)).isEqualTo(CLUSTER);
                CompletableFuture.runAsync(() -> database.run(other -> {
                    CacheCluster.TABLE.delete(other, KEY.account(), KEY.region(), KEY.id());
                    TagRow.deleteAll(other, CLUSTER.arn());
                })).join();
                assertThat(TagRow.TABLE.count(handle, "")).isOne();
                assertThat(CacheCluster.find(handle, KEY)).isEqualTo(CLUSTER);
                return null;
            });
            assertThat(stored(database)).isNull();
            database.run(handle -> assertThat(TagRow.TABLE.count(handle, "")).isZero());
        }
    }

    @Test
    void aFailedTransactionLeavesNothing() {
        try (Database database = Database.open(directory.resolve("state"))) {
            assertThatThrownBy(() -> database.run(handle -> {
                CacheCluster.TABLE.insert(handle, CLUSTER);
                throw new IllegalStateException("no");
            })).hasMessage("no");
            assertThat(stored(database)).isNull();
        }
    }

    private static @Nullable CacheCluster stored(Database database) {
        return database.read(handle -> CacheCluster.find(handle, KEY));
    }
}

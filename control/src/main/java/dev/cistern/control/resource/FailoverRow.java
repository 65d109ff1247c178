package dev.cistern.control.resource;

import dev.cistern.control.state.Table;
import java.time.Duration;
import org.jdbi.v3.core.Handle;

/**
 * That a node group was failed over: kept for a day, also when the group is gone.
 *
 * @param key     the replication group's key
 * @param isTest  whether somebody wished it with TestFailover
 */
public record FailoverRow(ResourceKey key, String nodeGroupId, long atMillis, boolean isTest) {

    private static final Duration KEPT = Duration.ofDays(1);

    private static final Table<FailoverRow> TABLE = Table.of(FailoverRow.class, "failover", "account", "region", "id",
            "node_group_id", "at_millis");

    /** Stores it, and forgets what is older than a day. */
    public void insert(Handle handle) {
        handle.execute("delete from failover where at_millis <= ?", atMillis - KEPT.toMillis());
        TABLE.insert(handle, this);
    }

    /** How many node groups of the account were failed over by wish within a day. */
    public static long tests(Handle handle, String account, String region, long nowMillis) {
        return TABLE.count(handle, "where account = ? and region = ? and is_test = true and at_millis > ?", account,
                region,
                nowMillis - KEPT.toMillis());
    }

    /** When the node group was last failed over without being asked; 0 if it was not within a day. */
    public static long lastMillis(Handle handle, ResourceKey group, String nodeGroupId) {
        return handle
                .select("select coalesce(max(at_millis), 0) from failover where account = ? and region = ? and id = ? "
                        + "and node_group_id = ? and is_test = false", group.account(), group.region(), group.id(),
                        nodeGroupId)
                .mapTo(Long.class).one();
    }
}

package dev.cistern.control.resource;

import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.state.Table;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * That a replication group gets its data from a server that is not ours; {@code key} is the group's. Its primary follows
 * that server, its replicas follow the primary, and clients may read. A group without a row is under no migration.
 */
public record Migration(ResourceKey key, long version, String host, int port, State state) {

    /** How far it is. The constants' names are persisted: they never change. */
    public enum State {

        /** The primary follows, until somebody wants the migration completed. */
        FOLLOWING,

        /** The primary follows still, and is to lead as soon as it has everything. */
        COMPLETING,

        /** The primary leads, or is to; the group is its own again. */
        LED
    }

    public static final Table<Migration> TABLE = Table.of(Migration.class, "migration", "account", "region", "id");

    public static @Nullable Migration find(Handle handle, ResourceKey group) {
        return TABLE.find(handle, group.account(), group.region(), group.id()).orElse(null);
    }

    public static void delete(Handle handle, ResourceKey group) {
        TABLE.delete(handle, group.account(), group.region(), group.id());
    }

    /** Whom the primary of the group follows; null when it leads. */
    static @Nullable NodeAddress sourceOf(Handle handle, ResourceKey group) {
        Migration migration = find(handle, group);
        return migration == null || migration.state == State.LED ? null : migration.source();
    }

    public NodeAddress source() {
        return new NodeAddress(host, port);
    }

    public boolean is(State wanted) {
        return state == wanted;
    }

    public Migration withState(State value) {
        return new Migration(key, version, host, port, value);
    }
}

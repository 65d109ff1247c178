package dev.cistern.control.resource;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * What happened, for 14 days, as AWS keeps it, but never more than a set number of events.
 *
 * <p>An event is written in the transaction of the change that it tells of: neither is there without the other.
 */
public final class EventLog {

    public static final Duration RETENTION = Duration.ofDays(14);

    /** Counting on every event would read the table each time; a thousand too many for a while harm nobody. */
    private static final int TRIM_EVERY = 1_000;

    private static final int MAX_MESSAGE_LENGTH = 1_024;

    private final Clock clock;
    private final int eventsKept;

    public EventLog(Clock clock, int eventsKept) {
        this.clock = clock;
        this.eventsKept = eventsKept;
    }

    public void clusterEvent(Handle handle, ResourceKey cluster, String message) {
        record(handle, cluster, "cache-cluster", message);
    }

    public void groupEvent(Handle handle, ResourceKey group, String message) {
        record(handle, group, "replication-group", message);
    }

    /** That the group's replicas take their primary's place by themselves from now on, or do not. */
    public void failoverTurned(Handle handle, ReplicationGroup group) {
        groupEvent(handle, group.key(), "Automatic failover has been turned "
                + (group.hasAutomaticFailover() ? "on" : "off") + " for replication group " + group.id());
    }

    public void parameterGroupEvent(Handle handle, ResourceKey group, String message) {
        record(handle, group, "cache-parameter-group", message);
    }

    public void userEvent(Handle handle, ResourceKey user, String message) {
        record(handle, user, "user", message);
    }

    public void userGroupEvent(Handle handle, ResourceKey group, String message) {
        record(handle, group, "user-group", message);
    }

    private void record(Handle handle, ResourceKey source, String sourceType, String message) {
        long id = handle.select("select nextval('event_ids')").mapTo(Long.class).one();
        String bounded = message.substring(0, Math.min(message.length(), MAX_MESSAGE_LENGTH));
        EventRow.TABLE.insert(handle, new EventRow(
                id, source.account(), source.region(), sourceType, source.id(), bounded, clock.millis()));
        if (id % TRIM_EVERY == 0) {
            trim(handle);
        }
    }

    /** Deletes what is too old or too much. */
    public void trim(Handle handle) {
        handle.execute("delete from event where at_millis < ?", clock.millis() - RETENTION.toMillis());
        handle.execute("delete from event where event_id <= (select max(event_id) from event) - ?", eventsKept);
    }

    /**
     * What {@link #select} looks for.
     *
     * @param fromMillis    earliest time, inclusive
     * @param toMillis      latest time, inclusive
     * @param beforeEventId only older events than this one
     */
    public record Query(
            String account,
            String region,
            @Nullable String sourceType,
            @Nullable String sourceId,
            long fromMillis,
            long toMillis,
            long beforeEventId) {}

    /** At most {@code limit} events, newest first. */
    public List<EventRow> select(Handle handle, Query query, int limit) {
        StringBuilder where = new StringBuilder(
                "where account = ? and region = ? and at_millis >= ? and at_millis <= ? and event_id < ?");
        List<Object> arguments = new ArrayList<>(List.of(query.account, query.region,
                Math.max(query.fromMillis, clock.millis() - RETENTION.toMillis()), query.toMillis,
                query.beforeEventId));
        if (query.sourceType != null) {
            where.append(" and source_type = ?");
            arguments.add(query.sourceType);
        }
        if (query.sourceId != null) {
            where.append(" and source_id = ?");
            arguments.add(query.sourceId);
        }
        arguments.add(limit);
        return EventRow.TABLE.select(handle, where + " order by event_id desc limit ?", arguments.toArray());
    }
}

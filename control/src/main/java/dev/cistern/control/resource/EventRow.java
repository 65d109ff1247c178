package dev.cistern.control.resource;

import dev.cistern.control.state.Table;

/**
 * Something that happened to a resource, in AWS's words.
 *
 * @param eventId     rises with time
 * @param sourceType  AWS's word, such as {@code cache-cluster}
 */
public record EventRow(
        long eventId, String account, String region, String sourceType, String sourceId, String message,
        long atMillis) {

    public static final Table<EventRow> TABLE = Table.of(EventRow.class, "event", "event_id");
}

package dev.cistern.control.operation;

import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.EventRow;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import software.amazon.awssdk.services.elasticache.model.DescribeEventsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeEventsResponse;
import software.amazon.awssdk.services.elasticache.model.Event;
import software.amazon.awssdk.services.elasticache.model.SourceType;

/** What happened, newest first. */
public record EventOperations(Context context) {

    private static final int DEFAULT_MINUTES = 60;
    private static final Set<SourceType> SOURCE_TYPES = SourceType.knownValues();

    public DescribeEventsResponse describe(DescribeEventsRequest request) {
        Page page = Page.of(request.maxRecords(), request.marker());
        EventLog.Query query = query(request, page);
        List<EventRow> rows = context.events().select(context.handle(), query, page.limit());
        return DescribeEventsResponse.builder()
                .events(page.cut(rows).stream().map(EventOperations::described).toList())
                .marker(page.next(rows, row -> Long.toString(row.eventId())))
                .build();
    }

    private EventLog.Query query(DescribeEventsRequest request, Page page) {
        if (request.sourceType() != null && !SOURCE_TYPES.contains(request.sourceType())) {
            throw Faults.invalidParameterValue("Invalid source type: %s", request.sourceTypeAsString());
        }
        if (request.sourceIdentifier() != null && request.sourceType() == null) {
            throw Faults.invalidParameterCombination("SourceIdentifier requires SourceType.");
        }
        if (request.duration() != null && (request.startTime() != null && request.endTime() != null)) {
            throw Faults.invalidParameterCombination("Duration cannot be combined with both StartTime and EndTime.");
        }
        Instant now = context.options().clock().instant();
        int minutes = request.duration() == null ? DEFAULT_MINUTES : request.duration();
        if (minutes < 1 || minutes > EventLog.RETENTION.toMinutes()) {
            throw Faults.invalidParameterValue("Invalid value %d for Duration. Must be between 1 and %d", minutes,
                    EventLog.RETENTION.toMinutes());
        }
        Instant end = end(request, now, minutes);
        Instant start = request.startTime() != null ? request.startTime() : end.minus(Duration.ofMinutes(minutes));
        if (start.isAfter(end)) {
            throw Faults.invalidParameterCombination("StartTime must be before EndTime.");
        }
        String sourceId = request.sourceIdentifier() == null
                ? null
                : request.sourceIdentifier().toLowerCase(Locale.ROOT);
        return new EventLog.Query(context.caller().account(), context.caller().region(),
                request.sourceTypeAsString(), sourceId, start.toEpochMilli(), end.toEpochMilli(), before(page));
    }

    private static Instant end(DescribeEventsRequest request, Instant now, int minutes) {
        if (request.endTime() != null) {
            return request.endTime();
        }
        boolean fromStart = request.startTime() != null && request.duration() != null;
        return fromStart ? request.startTime().plus(Duration.ofMinutes(minutes)) : now;
    }

    private static long before(Page page) {
        if (page.after().isEmpty()) {
            return Long.MAX_VALUE;
        }
        try {
            return Long.parseLong(page.after());
        } catch (NumberFormatException e) {
            throw Faults.invalidParameterValue("Invalid marker: %s", page.after());
        }
    }

    private static Event described(EventRow row) {
        return Event.builder()
                .sourceIdentifier(row.sourceId())
                .sourceType(row.sourceType())
                .message(row.message())
                .date(Instant.ofEpochMilli(row.atMillis()))
                .build();
    }
}

package dev.cistern.control.operation;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Which part of a list a caller wants: {@code MaxRecords} and {@code Marker}.
 *
 * <p>A marker is the last row that was answered, so rows that come and go meanwhile shift nothing.
 *
 * @param size   rows to answer at most
 * @param after  the row after which to begin; empty for the first page
 */
record Page(int size, String after) {

    private static final int MIN_SIZE = 20;
    private static final int MAX_SIZE = 100;

    static Page of(@Nullable Integer maxRecords, @Nullable String marker) {
        return of(maxRecords, marker, MAX_SIZE);
    }

    /** A page of at most {@code maxSize} rows, and of so many when the caller does not say. */
    static Page of(@Nullable Integer maxRecords, @Nullable String marker, int maxSize) {
        int size = maxRecords == null ? maxSize : maxRecords;
        if (size < MIN_SIZE || size > maxSize) {
            throw Faults.invalidParameterValue("Invalid value %d for MaxRecords. Must be between %d and %d", size,
                    MIN_SIZE, maxSize);
        }
        return new Page(size, marker == null || marker.isEmpty() ? "" : decode(marker));
    }

    /** One more than are answered, to learn whether there are more. */
    int limit() {
        return size + 1;
    }

    /** The rows to answer out of at most {@link #limit}. */
    <R> List<R> cut(List<R> rows) {
        return rows.size() > size ? rows.subList(0, size) : rows;
    }

    /** What leads to the next page, or null when this is the last one. */
    <R> @Nullable String next(List<R> rows, Function<R, String> id) {
        return rows.size() > size ? encode(id.apply(rows.get(size - 1))) : null;
    }

    private static String encode(String id) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(id.getBytes(StandardCharsets.UTF_8));
    }

    private static String decode(String marker) {
        try {
            return new String(Base64.getUrlDecoder().decode(marker), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw Faults.invalidParameterValue("Invalid marker: %s", marker);
        }
    }
}

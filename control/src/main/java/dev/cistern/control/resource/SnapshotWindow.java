package dev.cistern.control.resource;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A span of every day, such as {@code 23:30-00:30}, in UTC.
 *
 * @param startMinute    minutes from 00:00
 * @param lengthMinutes  at least {@link #MIN_MINUTES} in a window that is allowed
 */
public record SnapshotWindow(int startMinute, int lengthMinutes) {

    public static final int MIN_MINUTES = 60;

    private static final int DAY = 24 * 60;
    private static final String MOMENT = "([01]\\d|2[0-3]):([0-5]\\d)";
    private static final Pattern FORMAT = Pattern.compile(MOMENT + "-" + MOMENT);

    /** The window of that text, or null when it is none. */
    public static @Nullable SnapshotWindow parse(String text) {
        Matcher matcher = FORMAT.matcher(text);
        if (!matcher.matches()) {
            return null;
        }
        int start = minuteOf(matcher, 1);
        return new SnapshotWindow(start, Math.floorMod(minuteOf(matcher, 3) - start, DAY));
    }

    /** An hour anywhere in the day. */
    public static SnapshotWindow any(RandomGenerator random) {
        return new SnapshotWindow(random.nextInt(DAY / 30) * 30, MIN_MINUTES);
    }

    public boolean contains(Instant instant) {
        return containsMinuteOfDay(instant.atZone(ZoneOffset.UTC).get(ChronoField.MINUTE_OF_DAY));
    }

    /** When it begins the next time, later than {@code instant}. */
    public Instant startAfter(Instant instant) {
        Instant today = instant.truncatedTo(ChronoUnit.DAYS).plus(startMinute, ChronoUnit.MINUTES);
        return today.isAfter(instant) ? today : today.plus(1, ChronoUnit.DAYS);
    }

    boolean containsMinuteOfDay(int minute) {
        return Math.floorMod(minute - startMinute, DAY) < lengthMinutes;
    }

    /** AWS's form. */
    @Override
    public String toString() {
        return moment(startMinute) + "-" + moment((startMinute + lengthMinutes) % DAY);
    }

    private static String moment(int minute) {
        return "%02d:%02d".formatted(minute / 60, minute % 60);
    }

    private static int minuteOf(Matcher matcher, int group) {
        return Integer.parseInt(matcher.group(group)) * 60 + Integer.parseInt(matcher.group(group + 1));
    }
}

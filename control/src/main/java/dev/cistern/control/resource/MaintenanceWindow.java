package dev.cistern.control.resource;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A span of the week, such as {@code sun:23:00-mon:01:30}, in UTC.
 *
 * @param startMinute    minutes from Monday 00:00
 * @param lengthMinutes  at least {@link #MIN_MINUTES} in a window that is allowed
 */
public record MaintenanceWindow(int startMinute, int lengthMinutes) {

    public static final int MIN_MINUTES = 60;

    private static final int DAY = 24 * 60;
    private static final int WEEK = 7 * DAY;
    private static final List<String> DAYS = List.of("mon", "tue", "wed", "thu", "fri", "sat", "sun");
    private static final String MOMENT = "(mon|tue|wed|thu|fri|sat|sun):([01]\\d|2[0-3]):([0-5]\\d)";
    private static final Pattern FORMAT = Pattern.compile(MOMENT + "-" + MOMENT);

    /** The window of that text in any letter case, or null when it is none. */
    public static @Nullable MaintenanceWindow parse(String text) {
        Matcher matcher = FORMAT.matcher(text.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            return null;
        }
        int start = minuteOf(matcher, 1);
        int end = minuteOf(matcher, 4);
        return new MaintenanceWindow(start, Math.floorMod(end - start, WEEK));
    }

    /** An hour anywhere in the week that does not meet the daily hours of {@code snapshots}. */
    public static MaintenanceWindow any(RandomGenerator random, SnapshotWindow snapshots) {
        while (true) {
            MaintenanceWindow window = new MaintenanceWindow(random.nextInt(WEEK / 30) * 30, MIN_MINUTES);
            if (!window.overlaps(snapshots)) {
                return window;
            }
        }
    }

    public boolean contains(Instant instant) {
        ZonedDateTime time = instant.atZone(ZoneOffset.UTC);
        int minute = (time.getDayOfWeek().getValue() - 1) * DAY + time.getHour() * 60 + time.getMinute();
        return Math.floorMod(minute - startMinute, WEEK) < lengthMinutes;
    }

    /** Whether some minute is in both. */
    public boolean overlaps(SnapshotWindow daily) {
        for (int minute = 0; minute < lengthMinutes; minute++) {
            if (daily.containsMinuteOfDay((startMinute + minute) % DAY)) {
                return true;
            }
        }
        return false;
    }

    /** AWS's form, in lower case. */
    @Override
    public String toString() {
        return moment(startMinute) + "-" + moment((startMinute + lengthMinutes) % WEEK);
    }

    private static String moment(int minute) {
        return "%s:%02d:%02d".formatted(DAYS.get(minute / DAY), minute % DAY / 60, minute % 60);
    }

    private static int minuteOf(Matcher matcher, int group) {
        return DAYS.indexOf(matcher.group(group)) * DAY + Integer.parseInt(matcher.group(group + 1)) * 60
                + Integer.parseInt(matcher.group(group + 2));
    }
}

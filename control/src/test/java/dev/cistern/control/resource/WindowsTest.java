package dev.cistern.control.resource;

import java.time.Instant;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Maintenance and snapshot windows, also over midnight and over the end of the week. */
final class WindowsTest {

    @ParameterizedTest
    @CsvSource({
            "sun:23:00-mon:01:30, 2026-03-01T23:00:00Z, true",
            "sun:23:00-mon:01:30, 2026-03-02T01:29:59Z, true",
            "sun:23:00-mon:01:30, 2026-03-02T01:30:00Z, false",
            "sun:23:00-mon:01:30, 2026-03-01T22:59:59Z, false",
            "wed:05:00-wed:06:00, 2026-03-04T05:30:00Z, true",
            "wed:05:00-wed:06:00, 2026-03-05T05:30:00Z, false",
    })
    void containsItsMinutes(String text, Instant instant, boolean inside) {
        MaintenanceWindow window = Objects.requireNonNull(MaintenanceWindow.parse(text));
        assertThat(window.contains(instant)).isEqualTo(inside);
        assertThat(window).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "sun:05:00", "sun:5:00-sun:06:00", "son:05:00-son:06:00", "sun:24:00-mon:01:00",
            "05:00-06:00"})
    void otherTextsAreNoMaintenanceWindow(String text) {
        assertThat(MaintenanceWindow.parse(text)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5:00-6:00", "05:00-24:00", "05:60-06:00", "sun:05:00-sun:06:00"})
    void otherTextsAreNoSnapshotWindow(String text) {
        assertThat(SnapshotWindow.parse(text)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
            "sun:23:00-mon:01:00, 00:00-01:00, true",
            "sun:23:00-mon:01:00, 01:00-02:00, false",
            "sun:23:00-mon:01:00, 22:00-23:00, false",
            "wed:05:00-wed:06:00, 23:30-05:01, true",
    })
    void overlapsOfWeekAndDay(String maintenance, String daily, boolean overlap) {
        SnapshotWindow snapshots = Objects.requireNonNull(SnapshotWindow.parse(daily));
        assertThat(Objects.requireNonNull(MaintenanceWindow.parse(maintenance)).overlaps(snapshots)).isEqualTo(overlap);
    }

    @Test
    void whatIsChosenIsAnHourApart() {
        SplittableRandom random = new SplittableRandom(42);
        for (int i = 0; i < 1_000; i++) {
            SnapshotWindow snapshots = SnapshotWindow.any(random);
            MaintenanceWindow maintenance = MaintenanceWindow.any(random, snapshots);
            assertThat(maintenance.overlaps(snapshots)).isFalse();
            assertThat(MaintenanceWindow.parse(maintenance.toString())).isEqualTo(maintenance);
            assertThat(SnapshotWindow.parse(snapshots.toString())).isEqualTo(snapshots);
        }
    }
}

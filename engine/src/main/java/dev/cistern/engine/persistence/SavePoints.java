package dev.cistern.engine.persistence;

import java.util.ArrayList;
import java.util.List;

/**
 * When a node saves by itself: each point says after how many seconds with at least how many changes. Immutable.
 *
 * @param points in the order they were given
 */
record SavePoints(List<Point> points) {

    /** Saves when at least so many changes are so old. */
    record Point(long seconds, long changes) {}

    /** From the words of the setting {@code save}, which was checked: {@code 3600 1 300 100}. */
    static SavePoints of(String text) {
        List<Point> points = new ArrayList<>();
        String[] words = text.isBlank() ? new String[0] : text.trim().split("\\s+");
        for (int i = 0; i + 1 < words.length; i += 2) {
            points.add(new Point(Long.parseLong(words[i]), Long.parseLong(words[i + 1])));
        }
        return new SavePoints(List.copyOf(points));
    }

    boolean isEmpty() {
        return points.isEmpty();
    }

    boolean isDue(long secondsSinceSave, long changesSinceSave) {
        return points.stream().anyMatch(
                point -> secondsSinceSave > point.seconds && changesSinceSave >= point.changes);
    }
}

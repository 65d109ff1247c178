package dev.cistern.app;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds what the user probably meant: the known name that the fewest typing errors lead to. */
final class Suggestion {

    private Suggestion() {}

    /** The nearest of {@code names}, or nothing when even that one shares less than half with the word. */
    static Optional<String> nearest(String word, Collection<String> names) {
        String typed = word.contains("=") ? word.substring(0, word.indexOf('=')) : word;
        return names.stream()
                .filter(name -> distance(typed, name) <= Math.max(typed.length(), name.length()) / 2)
                .min(Comparator.comparingInt(name -> distance(typed, name)));
    }

    /** Letters to insert, drop or replace to get from one to the other (Levenshtein), one row of the table at a time. */
    static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}

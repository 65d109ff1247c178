package dev.cistern.control.simulation;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a simulated node has: numbers of writes in one order, between them signs of life and questions of its primary. */
final class SimLog {

    static final int PING = 0;
    static final int QUESTION = -1;

    private final List<Integer> entries = new ArrayList<>();
    private final Set<Integer> writes = new HashSet<>();
    private boolean isKept;
    private String id = "";
    private String formerId = "";
    private int formerEnd = -1;

    int end() {
        return entries.size();
    }

    boolean isKept() {
        return isKept;
    }

    String id() {
        return id;
    }

    String formerId() {
        return formerId;
    }

    int formerEnd() {
        return formerEnd;
    }

    boolean has(int write) {
        return writes.contains(write);
    }

    Set<Integer> writes() {
        return writes;
    }

    void append(int entry) {
        entries.add(entry);
        if (entry > 0) {
            writes.add(entry);
        }
    }

    /** A copy of what follows that offset. */
    List<Integer> from(int offset) {
        return List.copyOf(entries.subList(offset, entries.size()));
    }

    /** Somebody follows: from here on it has a history. */
    void begin(String history) {
        if (!isKept) {
            isKept = true;
            id = history;
            formerId = "";
            formerEnd = -1;
        }
    }

    void branch(String history) {
        formerId = id;
        formerEnd = end();
        id = history;
    }

    void rename(String history) {
        if (!history.equals(id)) {
            branch(history);
        }
    }

    /** Another one's data take the place of all that was here. */
    void adopt(String history, List<Integer> all) {
        entries.clear();
        writes.clear();
        all.forEach(this::append);
        isKept = true;
        id = history;
        formerId = "";
        formerEnd = -1;
    }

    String idToResume() {
        return formerEnd == end() ? formerId : id;
    }

    boolean continues(String history, int offset) {
        boolean same = history.equals(id) || (history.equals(formerId) && offset <= formerEnd);
        return isKept && same && offset <= end();
    }
}

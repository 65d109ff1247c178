package dev.cistern.toolkit;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * One thing that a fragment shows, and the things whose fragments contain it:
 * {@code Doll.of("comment", 5).inside(story)}. Immutable.
 */
public record Doll(String id, List<Doll> parents) {

    public Doll {
        parents = List.copyOf(parents);
    }

    /** A thing that is inside of nothing. */
    public static Doll of(String kind, Object id) {
        return new Doll(kind + "/" + id, List.of());
    }

    /** The same thing, shown inside {@code parent} as well. */
    public Doll inside(Doll parent) {
        List<Doll> more = new ArrayList<>(parents);
        more.add(parent);
        return new Doll(id, more);
    }

    /** The ids of this doll and of all that contain it, each once. */
    Set<String> lineage() {
        Set<String> ids = new LinkedHashSet<>();
        collect(ids);
        return ids;
    }

    private void collect(Set<String> ids) {
        if (ids.add(id)) {
            parents.forEach(parent -> parent.collect(ids));
        }
    }
}

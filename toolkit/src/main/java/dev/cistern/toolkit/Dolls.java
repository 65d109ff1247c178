package dev.cistern.toolkit;

import dev.cistern.toolkit.codec.Codec;

import java.util.ArrayList;
import java.util.List;

/**
 * Russian-doll caching: a page contains stories, a story contains comments, and each has a fragment in a cache, which
 * counts only for the version its doll has now.
 *
 * <p>{@link #touch} gives a new version to a doll and to everything that contains it. Their fragments are rendered
 * anew, and find the fragments of the untouched siblings still in the cache.
 */
public final class Dolls {

    private final CacheKit kit;
    private final KitParts parts;
    private final String name;

    Dolls(CacheKit kit, KitParts parts, String name) {
        this.kit = kit;
        this.parts = parts;
        this.name = name;
    }

    /** Fragments of dolls, for instance their HTML. Its time to live and the rest are said as for any cache. */
    public <V> CacheBuilder<Doll, V> fragments(Codec<V> fragments) {
        return kit.cache(name, Doll.class, fragments).keyText(Doll::id).taggedBy(doll -> List.of(tagOf(doll.id())));
    }

    /** The doll changed: its fragments, and those of all that contain it, count no more. */
    public void touch(Doll doll) {
        List<String> tags = new ArrayList<>();
        doll.lineage().forEach(id -> tags.add(tagOf(id)));
        parts.settle(kit.invalidateTagsAsync(tags));
    }

    private String tagOf(String id) {
        return name + "!" + id;
    }
}

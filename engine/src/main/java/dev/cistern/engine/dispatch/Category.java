package dev.cistern.engine.dispatch;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The sets of commands that ACL rules name. Those that follow from a row's flags are added by {@link Command}. */
public enum Category implements Fact {
    KEYSPACE, READ, WRITE, SET, SORTEDSET, LIST, HASH, STRING, BITMAP, HYPERLOGLOG, GEO, STREAM, PUBSUB, ADMIN, FAST, SLOW, BLOCKING, DANGEROUS, CONNECTION, TRANSACTION, SCRIPTING;

    public String text() {
        return "@" + name().toLowerCase(Locale.ROOT);
    }

    /** The category of this name, without its sign and in any case; null if there is none. */
    public static @Nullable Category named(String name) {
        for (Category category : values()) {
            if (category.name().equalsIgnoreCase(name)) {
                return category;
            }
        }
        return null;
    }
}

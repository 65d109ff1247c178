package dev.cistern.engine.dispatch;

import java.util.Locale;

/** The sets of commands that ACL rules name. Those that follow from a row's flags are added by {@link Command}. */
public enum Category implements Fact {
    KEYSPACE, READ, WRITE, SET, SORTEDSET, LIST, HASH, STRING, BITMAP, HYPERLOGLOG, GEO, STREAM, PUBSUB, ADMIN, FAST, SLOW, BLOCKING, DANGEROUS, CONNECTION, TRANSACTION, SCRIPTING;

    public String text() {
        return "@" + name().toLowerCase(Locale.ROOT);
    }
}

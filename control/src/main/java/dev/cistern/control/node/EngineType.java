package dev.cistern.control.node;

import java.util.Locale;
import java.util.Optional;

/** What a node speaks, by the name AWS gives it. The constants' names are persisted: they never change. */
public enum EngineType {

    /** Redis OSS up to 7.2. */
    REDIS,

    /** Valkey, from 7.2 on. */
    VALKEY,

    /** Memcached. */
    MEMCACHED;

    /** The name on the wire: {@code redis}, {@code valkey}, {@code memcached}. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The engine that a caller means; letter case does not count, as with AWS. */
    public static Optional<EngineType> of(String wireName) {
        for (EngineType type : values()) {
            if (type.wireName().equalsIgnoreCase(wireName)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}

package dev.cistern.engine.persistence;

import dev.cistern.store.Keyspace;
import dev.cistern.store.Store;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One thread's handles on the databases that it comes to, all at one moment. */
final class OpenKeyspaces implements AutoCloseable {
    private final Store store;
    private final long nowMillis;
    private final @Nullable Keyspace[] opened;

    OpenKeyspaces(Store store, long nowMillis) {
        this.store = store;
        this.nowMillis = nowMillis;
        this.opened = new Keyspace[store.databases()];
    }

    Keyspace of(int database) {
        Keyspace keyspace = opened[database];
        if (keyspace == null) {
            keyspace = store.openKeyspace(database);
            keyspace.setNowMillis(nowMillis);
            opened[database] = keyspace;
        }
        return keyspace;
    }

    @Override
    public void close() {
        Arrays.stream(opened).filter(Objects::nonNull).forEach(Keyspace::close);
    }
}

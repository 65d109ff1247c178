package dev.cistern.engine.memcached;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What {@code config get} answers: the list of a cluster's nodes for auto discovery, and whatever else is stored under a
 * name. Whoever manages the cluster writes it with {@code config set}; a node does not know its cluster by itself. One
 * that is started as part of a cluster is told of it then, so that there is no moment in which it knows nothing.
 *
 * <p>Apart from the items: a flush or an eviction must not take it away. Any thread.
 */
final class ClusterConfiguration {
    /** The key under which nodes from before {@code config get} show the cluster. */
    static final String LEGACY_KEY = "AmazonElastiCache:cluster";
    /** The name that it has since. */
    static final String NAME = "cluster";

    /** Stored bytes and the flags given with them. */
    @SuppressWarnings("ArrayRecordComponent") // sent as it is, and never compared
    record Value(int flags, byte[] bytes) {}

    private final int mostNames;
    private final int largestBytes;
    private final Map<String, Value> values = new ConcurrentHashMap<>();

    ClusterConfiguration(int mostNames, int largestBytes, String atStart) {
        this.mostNames = mostNames;
        this.largestBytes = largestBytes;
        if (!atStart.isEmpty()) {
            values.put(NAME, new Value(0, atStart.getBytes(StandardCharsets.ISO_8859_1)));
        }
    }

    int largestBytes() {
        return largestBytes;
    }

    @Nullable
    Value get(String name) {
        return values.get(name);
    }

    boolean isEmpty() {
        return values.isEmpty();
    }

    int count() {
        return values.size();
    }

    /** Says whether there was room for it. */
    synchronized boolean set(String name, int flags, byte[] bytes) {
        if (bytes.length > largestBytes || (!values.containsKey(name) && values.size() >= mostNames)) {
            return false;
        }
        values.put(name, new Value(flags, bytes));
        return true;
    }

    /** Says whether there was one of this name. */
    boolean delete(String name) {
        return values.remove(name) != null;
    }
}

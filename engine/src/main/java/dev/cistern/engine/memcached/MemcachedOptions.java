package dev.cistern.engine.memcached;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a Memcached node is started with. Immutable.
 *
 * @param name what logs call it
 * @param parameters by the names of ElastiCache's parameters and a few of our own; {@link MemcachedSettings} knows them
 */
public record MemcachedOptions(String name, Map<String, String> parameters) {

    public MemcachedOptions {
        parameters = Map.copyOf(parameters);
    }

    /** A node of this name on this port (0: any free one) of 127.0.0.1, everything else as the original's default. */
    public static MemcachedOptions onPort(String name, int port) {
        return new MemcachedOptions(name, Map.of("port", Integer.toString(port)));
    }

    public MemcachedOptions with(String parameter, String value) {
        Map<String, String> changed = new LinkedHashMap<>(parameters);
        changed.put(parameter, value);
        return new MemcachedOptions(name, changed);
    }
}

package dev.cistern.engine.memcached;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

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

    /** Names parameters without their values, one of which is a password. */
    @Override
    public String toString() {
        return "MemcachedOptions[" + name + " " + new TreeSet<>(parameters.keySet()) + "]";
    }

    /** Whether a version is as new as that one; one that is no version in three parts is newer than all. */
    public static boolean isAtLeast(String version, int major, int minor, int patch) {
        if (!version.matches("\\d{1,4}\\.\\d{1,4}\\.\\d{1,4}")) {
            return true;
        }
        int[] least = {major, minor, patch};
        String[] parts = version.split("\\.", -1);
        for (int i = 0; i < least.length; i++) {
            int part = Integer.parseInt(parts[i]);
            if (part != least[i]) {
                return part > least[i];
            }
        }
        return true;
    }
}

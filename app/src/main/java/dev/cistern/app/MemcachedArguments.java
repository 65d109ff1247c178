package dev.cistern.app;

import dev.cistern.engine.memcached.MemcachedOptions;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * The options of a Memcached node, with the letters that memcached's own have. Turns them into parameters; what one may
 * be is decided by the engine.
 */
final class MemcachedArguments {

    @Option(names = {"-m",
            "--memory-limit"}, paramLabel = "MB", description = "Most memory for items, in megabytes (default 64).")
    private @Nullable String memory;

    @Option(names = {"-I",
            "--max-item-size"}, paramLabel = "SIZE", description = "Largest item, as 512k or 4m (default 1m).")
    private @Nullable String itemSize;

    @Option(names = {"-c",
            "--conn-limit"}, paramLabel = "N", description = "Most connections at a time (default 1024).")
    private @Nullable String connections;

    @Option(names = {"-f",
            "--slab-growth-factor"}, paramLabel = "FACTOR", description = "Growth of the classes that statistics tell (default 1.25).")
    private @Nullable String growthFactor;

    @Option(names = {"-n",
            "--slab-min-size"}, paramLabel = "BYTES", description = "Smallest of those classes, without header (default 48).")
    private @Nullable String chunkSize;

    @Option(names = {"-b",
            "--listen-backlog"}, paramLabel = "N", description = "Connections that may wait to be accepted (default 1024).")
    private @Nullable String backlog;

    @Option(names = {"-B", "--protocol"}, paramLabel = "NAME", description = "auto, ascii or binary (default auto).")
    private @Nullable String protocol;

    @Option(names = {"-Y",
            "--auth-file"}, paramLabel = "FILE", description = "Lines of user:password; clients of the text protocol must give one.")
    private @Nullable Path authFile;

    @Option(names = {"-S",
            "--enable-sasl"}, description = "Have clients of the binary protocol say who they are by SASL, as --auth-file knows them.")
    private boolean sasl;

    @Option(names = {"-M",
            "--disable-evictions"}, description = "Answer an error instead of evicting when memory is full.")
    private boolean refuses;

    @Option(names = {"-C", "--disable-cas"}, description = "Give items no unique numbers.")
    private boolean withoutNumbers;

    @Option(names = {"-F", "--disable-flush-all"}, description = "Refuse flush_all.")
    private boolean withoutFlush;

    @Option(names = {"-X", "--disable-dumping"}, description = "Refuse metadump and cachedump.")
    private boolean withoutDumps;

    @Option(names = {"-W", "--disable-watch"}, description = "Refuse watch.")
    private boolean withoutWatch;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
    MemcachedArguments() {}

    boolean isAnyGiven() {
        return !parameters().isEmpty();
    }

    boolean hasPasswords() {
        return authFile != null;
    }

    MemcachedOptions options(int port, String bind, Map<String, String> others) {
        Map<String, String> all = parameters();
        all.put("port", Integer.toString(port));
        all.put("bind", bind);
        all.putAll(others);
        return new MemcachedOptions("node", all);
    }

    private Map<String, String> parameters() {
        Map<String, String> parameters = new LinkedHashMap<>();
        putIfGiven(parameters, "max_cache_memory", memory);
        putIfGiven(parameters, "max_item_size", itemSize == null ? null : bytes(itemSize));
        putIfGiven(parameters, "max_simultaneous_connections", connections);
        putIfGiven(parameters, "chunk_size_growth_factor", growthFactor);
        putIfGiven(parameters, "chunk_size", chunkSize);
        putIfGiven(parameters, "backlog_queue_limit", backlog);
        putIfGiven(parameters, "binding_protocol", protocol);
        putIfGiven(parameters, "auth_file", authFile);
        putIfGiven(parameters, "sasl", sasl ? "1" : null);
        putIfGiven(parameters, "error_on_memory_exhausted", refuses ? "1" : null);
        putIfGiven(parameters, "cas_disabled", withoutNumbers ? "1" : null);
        putIfGiven(parameters, "disable_flush_all", withoutFlush ? "1" : null);
        putIfGiven(parameters, "dump", withoutDumps ? "0" : null);
        putIfGiven(parameters, "watch", withoutWatch ? "0" : null);
        return parameters;
    }

    private static void putIfGiven(Map<String, String> parameters, String name, @Nullable Object value) {
        if (value != null) {
            parameters.put(name, value.toString());
        }
    }

    /** 512k and 4m as bytes; anything else is left for the engine to refuse. */
    private static String bytes(String text) {
        String digits = text.replaceAll("[kKmM]$", "");
        if (digits.isEmpty() || !digits.chars().allMatch(Character::isDigit) || digits.length() > 10) {
            return text;
        }
        long number = Long.parseLong(digits);
        char unit = Character.toLowerCase(text.charAt(text.length() - 1));
        return Long.toString(unit == 'k' ? number << 10 : unit == 'm' ? number << 20 : number);
    }
}

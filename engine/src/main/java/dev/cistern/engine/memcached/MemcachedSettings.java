package dev.cistern.engine.memcached;

import java.util.Map;
import java.util.Set;

/**
 * The settings of a Memcached node: what ElastiCache's parameters and the original's options say.
 *
 * <p>Most are fixed when the node starts; the few that a command may change are volatile, and any thread reads them.
 * Those that speak of the original's allocator (slab classes, LRU segments, hash table) are accepted, shown by
 * {@code stats settings}, and change what statistics say of classes; entries lie in an arena that needs none of them.
 */
final class MemcachedSettings {
    private static final int LARGEST_ITEM_BYTES = 1 << 30;
    private static final int LEAST_ITEM_BYTES = 1024;
    private static final long MEGABYTE = 1 << 20;

    final String bind;
    final int port;
    final String version;
    final int maxConnections;
    final boolean rejectsFast;
    final int backlog;
    final int requestsPerEvent;
    final int threads;
    final int largestItemBytes;
    final int chunkBytes;
    final double growthFactor;
    final int largestChunkBytes;
    final boolean evicts;
    final boolean hasUniqueNumbers;
    final boolean mayFlush;
    final boolean isBinaryAllowed;
    final boolean isTextAllowed;
    final long idleTimeoutSeconds;
    final String hashAlgorithm;
    final int hashPower;
    final boolean slabReassign;
    final boolean hasMaintainer;
    final boolean mayDump;
    final boolean hasAdminCommands;
    final int watcherBufferBytes;
    final int workerBufferBytes;
    final int configMax;
    final int configSizeMax;
    final String authFile;
    final boolean isSasl;
    final boolean tracksSizesFromStart;
    /** A second port, shared by all nodes of a cluster: whoever connects to it meets one of them. 0 for none. */
    final int configurationPort;
    /** What the node is told of its cluster at its start: what {@code config get cluster} answers. Empty for nothing. */
    final String clusterConfiguration;
    final Manager manager;
    final boolean hasMetaCommands;
    final boolean hasGetAndTouch;
    final boolean hasTouch;
    final boolean hasConfig;
    final boolean hasSlabs;
    final boolean hasCrawler;
    final boolean hasWatch;
    final boolean hasMetadump;
    final boolean hasLru;
    final String allowFrom;
    final boolean isTls;
    final String tlsChain;
    final String tlsKey;
    final String tlsAuthorities;
    final int tlsVerifyMode;
    final String tlsCiphers;
    final boolean tlsCachesSessions;
    final String tlsLeastVersion;

    volatile boolean mayWatch;
    volatile long limitBytes;
    volatile int verbosity;
    volatile int slabAutomove;
    volatile double slabAutomoveRatio = 0.8;
    volatile boolean crawls;
    volatile int crawlerSleepMicros = 100;
    volatile long crawlerToCrawl;
    volatile boolean isSegmented;
    volatile int hotPercent = 20;
    volatile int warmPercent = 40;
    volatile double hotFactor = 0.2;
    volatile double warmFactor = 2.0;
    volatile boolean hasTemporaryLru;
    volatile int temporaryTtl = 61;
    volatile boolean tracksSizes;
    volatile boolean countsPrefixes;
    /** The second (Unix) of the last flush, as the original shows it: relative to the start; 0 for none. */
    volatile long oldest;

    /** Throws IllegalArgumentException, which names the parameter that is unknown or out of bounds. */
    MemcachedSettings(Map<String, String> given) {
        Parameters parameters = new Parameters(given);
        bind = parameters.text("bind", "127.0.0.1");
        port = (int) parameters.number("port", 11211, 0, 65_535);
        version = parameters.text("version", "1.6.22");
        maxConnections = (int) parameters.number("max_simultaneous_connections", 1024, 3, 1_000_000);
        rejectsFast = parameters.flag("maxconns_fast", true);
        backlog = (int) parameters.number("backlog_queue_limit", 1024, 1, 65_535);
        requestsPerEvent = (int) parameters.number("requests_per_event", 20, 1, 10_000);
        threads = (int) parameters.number("num_threads", 4, 1, 1024);
        largestItemBytes = (int) parameters.number("max_item_size", 1 << 20, LEAST_ITEM_BYTES, LARGEST_ITEM_BYTES);
        chunkBytes = (int) parameters.number("chunk_size", 48, 1, 1024);
        growthFactor = parameters.real("chunk_size_growth_factor", 1.25, 1.000001, 100);
        largestChunkBytes = (int) parameters.number("slab_chunk_max", Math.min(largestItemBytes, 512 << 10), 1,
                1 << 30);
        evicts = !parameters.flag("error_on_memory_exhausted", false);
        hasUniqueNumbers = !parameters.flag("cas_disabled", false);
        mayFlush = !parameters.flag("disable_flush_all", false);
        String protocol = parameters.choice("binding_protocol", "auto", Set.of("auto", "ascii", "binary"));
        idleTimeoutSeconds = parameters.number("idle_timeout", 0, 0, 86_400);
        hashAlgorithm = parameters.choice("hash_algorithm", "murmur3", Set.of("jenkins", "murmur3", "xxh3"));
        hashPower = (int) parameters.number("hashpower_init", 0, 0, 64);
        slabReassign = parameters.flag("slab_reassign", true);
        slabAutomove = (int) parameters.number("slab_automove", 1, 0, 2);
        crawls = parameters.flag("lru_crawler", true);
        hasMaintainer = parameters.flag("lru_maintainer", true);
        isSegmented = hasMaintainer;
        mayWatch = parameters.flag("watch", true);
        mayDump = parameters.flag("dump", true);
        hasAdminCommands = parameters.flag("admin_commands", true);
        watcherBufferBytes = kilobytes(parameters.number("watcher_logbuf_size", 256, 1, Integer.MAX_VALUE));
        workerBufferBytes = kilobytes(parameters.number("worker_logbuf_size", 64, 1, Integer.MAX_VALUE));
        configMax = (int) parameters.number("config_max", 16, 1, 1024);
        configSizeMax = (int) parameters.number("config_size_max", 65_536, 1, LARGEST_ITEM_BYTES);
        tracksSizesFromStart = parameters.flag("track_sizes", false);
        tracksSizes = tracksSizesFromStart;
        configurationPort = (int) parameters.number("configuration_port", 0, 0, 65_535);
        clusterConfiguration = parameters.text("cluster_configuration", "");
        manager = Manager.with(parameters.text("manager_password", ""));
        hasMetaCommands = MemcachedOptions.isAtLeast(version, 1, 6, 0);
        hasGetAndTouch = MemcachedOptions.isAtLeast(version, 1, 5, 3);
        hasTouch = MemcachedOptions.isAtLeast(version, 1, 4, 8);
        hasConfig = MemcachedOptions.isAtLeast(version, 1, 4, 14);
        hasSlabs = MemcachedOptions.isAtLeast(version, 1, 4, 11);
        hasCrawler = MemcachedOptions.isAtLeast(version, 1, 4, 18);
        hasWatch = MemcachedOptions.isAtLeast(version, 1, 4, 26);
        hasMetadump = MemcachedOptions.isAtLeast(version, 1, 4, 31);
        hasLru = MemcachedOptions.isAtLeast(version, 1, 4, 33);
        countsPrefixes = parameters.flag("detail", false);
        authFile = parameters.text("auth_file", "");
        isSasl = parameters.flag("sasl", false);
        allowFrom = parameters.text("allow_from", "");
        isTls = parameters.flag("enable_ssl", false);
        tlsChain = parameters.text("ssl_chain_cert", "");
        tlsKey = parameters.text("ssl_key", tlsChain);
        tlsAuthorities = parameters.text("ssl_ca_cert", "");
        tlsVerifyMode = (int) parameters.number("ssl_verify_mode", 0, 0, 3);
        tlsCiphers = parameters.text("ssl_ciphers", "");
        tlsCachesSessions = parameters.flag("ssl_session_cache", false);
        tlsLeastVersion = parameters.choice("ssl_min_version", "tlsv1.2", Set.of("tlsv1.2", "tlsv1.3"));
        // Each protocol has a way of its own to say who one is: so with passwords there is only one.
        isBinaryAllowed = !protocol.equals("ascii") && (authFile.isEmpty() || isSasl);
        isTextAllowed = !protocol.equals("binary") && !isSasl;
        long megabytes = parameters.number("max_cache_memory", 64, 0, 1 << 30);
        long overhead = parameters.number("memcached_connections_overhead", 0, 0, Integer.MAX_VALUE);
        // No limit at all is what 0 means: whoever sets all aside has not asked for that.
        limitBytes = Math.max(Math.min(1, megabytes), megabytes - overhead) * MEGABYTE;
        parameters.refuseUnknown(IdleParameters::isIdle);
        if (isTls && tlsChain.isEmpty()) {
            throw new IllegalArgumentException("enable_ssl needs an ssl_chain_cert");
        }
        if (isSasl && authFile.isEmpty()) {
            throw new IllegalArgumentException("sasl needs an auth_file with its users");
        }
    }

    /** In bytes, as far as they can be counted. */
    private static int kilobytes(long count) {
        return (int) Math.min(count, Integer.MAX_VALUE >> 10) << 10;
    }
}

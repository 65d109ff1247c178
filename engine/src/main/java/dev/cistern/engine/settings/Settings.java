package dev.cistern.engine.settings;

import dev.cistern.store.Keyspace;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All settings of a node, with the original's names, defaults and bounds.
 *
 * <p>Code reads the fields; CONFIG reads the table. Changing several at once is all or nothing and takes the table's
 * monitor; reading takes nothing.
 */
public final class Settings {
    private static final long NO_LIMIT = Long.MAX_VALUE;
    private static final int MAX_PORT = 65535;

    /** Names that settings had before; they are still understood. */
    private static final Map<String, String> FORMER_NAMES = Map.of("lua-time-limit", "busy-reply-threshold");

    private final Map<String, Setting> table = new TreeMap<>();
    private final List<Applier> appliers = new ArrayList<>();

    // --- network ---
    public final TextSetting bind = add(new TextSetting("bind", false, "127.0.0.1"));
    public final NumberSetting port = number("port", true, 6379, 0, MAX_PORT);
    public final SwitchSetting protectedMode = toggle("protected-mode", true);
    public final NumberSetting tcpBacklog = number("tcp-backlog", false, 511, 0, Integer.MAX_VALUE);
    public final NumberSetting tcpKeepalive = number("tcp-keepalive", true, 300, 0, Integer.MAX_VALUE);
    public final NumberSetting timeout = number("timeout", true, 0, 0, Integer.MAX_VALUE);
    public final NumberSetting maxClients = number("maxclients", true, 10_000, 1, 0xFFFF_FFFFL);
    public final NumberSetting protoMaxBulkLen = memory("proto-max-bulk-len", 512L << 20, 1 << 20,
            Keyspace.MAX_STRING_BYTES);
    public final NumberSetting queryBufferLimit = memory("client-query-buffer-limit", 1L << 30, 1 << 20, NO_LIMIT);
    public final OutputLimits outputLimits = add(new OutputLimits());
    /** How much memory all clients may take together before the largest are disconnected. */
    public final MemoryShareSetting maxMemoryClients = add(new MemoryShareSetting("maxmemory-clients"));

    /** Ours: the address at which the ports of the node's role are listened on; empty: where its own is. */
    public final TextSetting roleBind = add(new TextSetting("role-bind", false, ""));

    /** Ranges of addresses whose connections are accepted; empty for all. */
    public final TextSetting allowFrom = add(new TextSetting("allow-from", true, ""));

    // --- encrypted connections ---
    public final NumberSetting tlsPort = number("tls-port", true, 0, 0, MAX_PORT);
    public final TextSetting tlsCertFile = add(new TextSetting("tls-cert-file", true, ""));
    public final TextSetting tlsKeyFile = add(new TextSetting("tls-key-file", true, ""));
    public final TextSetting tlsKeyFilePass = add(new TextSetting("tls-key-file-pass", true, ""));
    /** What this node shows the nodes that it goes to; empty for what it shows its clients. */
    public final TextSetting tlsClientCertFile = add(new TextSetting("tls-client-cert-file", true, ""));
    public final TextSetting tlsClientKeyFile = add(new TextSetting("tls-client-key-file", true, ""));
    public final TextSetting tlsClientKeyFilePass = add(new TextSetting("tls-client-key-file-pass", true, ""));
    public final TextSetting tlsCaCertFile = add(new TextSetting("tls-ca-cert-file", true, ""));
    public final TextSetting tlsCaCertDir = add(new TextSetting("tls-ca-cert-dir", true, ""));
    public final ChoiceSetting tlsAuthClients = add(
            new ChoiceSetting("tls-auth-clients", true, "yes", "no", "optional"));
    /** Whether a primary is followed by TLS. */
    public final SwitchSetting tlsReplication = toggle("tls-replication", false);
    /** Whether MIGRATE goes by TLS. */
    public final SwitchSetting tlsCluster = toggle("tls-cluster", false);
    public final TextSetting tlsProtocols = add(new TextSetting("tls-protocols", true, ""));
    public final TextSetting tlsCiphers = add(new TextSetting("tls-ciphers", true, ""));
    public final TextSetting tlsCipherSuites = add(new TextSetting("tls-ciphersuites", true, ""));
    public final SwitchSetting tlsPreferServerCiphers = toggle("tls-prefer-server-ciphers", false);
    public final SwitchSetting tlsSessionCaching = toggle("tls-session-caching", true);
    public final NumberSetting tlsSessionCacheSize = number("tls-session-cache-size", true, 20 * 1024, 0,
            Integer.MAX_VALUE);
    public final NumberSetting tlsSessionCacheTimeout = number("tls-session-cache-timeout", true, 300, 0,
            Integer.MAX_VALUE);

    // --- security ---
    public final TextSetting requirePass = add(new TextSetting("requirepass", true, ""));
    public final TextSetting aclFile = add(new TextSetting("aclfile", false, ""));
    public final NumberSetting aclLogMaxLen = number("acllog-max-len", true, 128, 0, NO_LIMIT);
    public final ChoiceSetting aclPubsubDefault = add(
            new ChoiceSetting("acl-pubsub-default", true, "resetchannels", "allchannels"));
    public final ChoiceSetting debugCommand = add(
            new ChoiceSetting("enable-debug-command", false, "no", "yes", "local"));

    // --- data ---
    public final NumberSetting databases = number("databases", false, 16, 1, Integer.MAX_VALUE);
    public final NumberSetting maxMemory = memory("maxmemory", 0, 0, NO_LIMIT);
    public final ChoiceSetting maxMemoryPolicy = add(new ChoiceSetting("maxmemory-policy", true, "noeviction",
            "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu",
            "allkeys-random"));
    public final NumberSetting maxMemorySamples = number("maxmemory-samples", true, 5, 1, Integer.MAX_VALUE);
    public final NumberSetting lfuLogFactor = number("lfu-log-factor", true, 10, 0, Integer.MAX_VALUE);
    public final NumberSetting lfuDecayTime = number("lfu-decay-time", true, 1, 0, Integer.MAX_VALUE);
    public final NumberSetting hllSparseMaxBytes = memory("hll-sparse-max-bytes", 3000, 0, 16_000);
    public final NumberSetting hashMaxListpackEntries = number("hash-max-listpack-entries", true, 512, 0, NO_LIMIT);
    public final NumberSetting hashMaxListpackValue = memory("hash-max-listpack-value", 64, 0, NO_LIMIT);
    public final NumberSetting setMaxIntsetEntries = number("set-max-intset-entries", true, 512, 0, NO_LIMIT);
    public final NumberSetting setMaxListpackEntries = number("set-max-listpack-entries", true, 128, 0, NO_LIMIT);
    public final NumberSetting setMaxListpackValue = number("set-max-listpack-value", true, 64, 0, NO_LIMIT);
    public final NumberSetting listMaxListpackSize = number("list-max-listpack-size", true, -2, Integer.MIN_VALUE,
            Integer.MAX_VALUE);
    public final NumberSetting zsetMaxListpackEntries = number("zset-max-listpack-entries", true, 128, 0, NO_LIMIT);
    public final NumberSetting zsetMaxListpackValue = memory("zset-max-listpack-value", 64, 0, NO_LIMIT);
    public final NumberSetting streamNodeMaxBytes = memory("stream-node-max-bytes", 4096, 0, NO_LIMIT);
    public final NumberSetting streamNodeMaxEntries = number("stream-node-max-entries", true, 100, 0, NO_LIMIT);
    public final NumberSetting activeExpireEffort = number("active-expire-effort", true, 1, 1, 10);
    /** On, unlike the original's, and within less: memory that a node lost to holes is not to be a user's worry. */
    public final SwitchSetting activeDefrag = toggle("activedefrag", true);
    public final NumberSetting activeDefragIgnoreBytes = memory("active-defrag-ignore-bytes", 4L << 20, 1, NO_LIMIT);
    public final NumberSetting activeDefragThresholdLower = number("active-defrag-threshold-lower", true, 10, 0, 1000);
    public final NumberSetting activeDefragThresholdUpper = number("active-defrag-threshold-upper", true, 100, 0, 1000);
    public final NumberSetting activeDefragCycleMin = number("active-defrag-cycle-min", true, 1, 1, 99);
    public final NumberSetting activeDefragCycleMax = number("active-defrag-cycle-max", true, 10, 1, 99);
    public final NumberSetting hz = number("hz", true, 10, 1, 500).clamping();

    // --- scripts ---
    public final NumberSetting busyReplyThreshold = number("busy-reply-threshold", true, 5000, 0, NO_LIMIT);

    // --- snapshots ---
    /** Where files are kept; empty: nowhere. */
    public final TextSetting dir = add(new TextSetting("dir", false, ""));
    public final TextSetting dbFilename = add(new TextSetting("dbfilename", true, "dump.rdb"));
    public final SavePointsSetting save = add(new SavePointsSetting());
    public final SwitchSetting rdbCompression = toggle("rdbcompression", true);
    public final SwitchSetting rdbChecksum = add(new SwitchSetting("rdbchecksum", false, true));
    public final SwitchSetting stopWritesOnBgsaveError = toggle("stop-writes-on-bgsave-error", true);
    /** For tests: so many microseconds a key that is saved or loaded, or one in so many keys if below zero. */
    public final NumberSetting rdbKeySaveDelay = hidden("rdb-key-save-delay");
    public final NumberSetting keyLoadDelay = hidden("key-load-delay");

    // --- encryption at rest ---
    /** The keystore; empty: nothing is encrypted. */
    public final TextSetting atRestKeyFile = add(new TextSetting("at-rest-key-file", false, ""));
    /** Which of its keys encrypts: an id or an ARN; empty for the first, {@code none} to read only. */
    public final TextSetting atRestKeyId = add(new TextSetting("at-rest-key-id", false, ""));

    // --- the append-only file ---
    public final SwitchSetting appendOnly = toggle("appendonly", false);
    public final TextSetting appendFilename = add(new TextSetting("appendfilename", false, "appendonly.aof"));
    public final TextSetting appendDirName = add(new TextSetting("appenddirname", false, "appendonlydir"));
    public final ChoiceSetting appendFsync = add(
            new ChoiceSetting("appendfsync", true, "everysec", "always", "no"));
    public final SwitchSetting noAppendFsyncOnRewrite = toggle("no-appendfsync-on-rewrite", false);
    public final NumberSetting autoAofRewritePercentage = number("auto-aof-rewrite-percentage", true, 100, 0,
            Integer.MAX_VALUE);
    public final NumberSetting autoAofRewriteMinSize = memory("auto-aof-rewrite-min-size", 64L << 20, 0, NO_LIMIT);
    public final SwitchSetting aofLoadTruncated = toggle("aof-load-truncated", true);
    public final SwitchSetting aofUseRdbPreamble = toggle("aof-use-rdb-preamble", true);

    // --- cluster ---
    public final SwitchSetting clusterEnabled = add(new SwitchSetting("cluster-enabled", false, false));
    /** The file, in the node's folder, that keeps what it knows of its cluster. */
    public final TextSetting clusterConfigFile = add(new TextSetting("cluster-config-file", false, "nodes.conf"));
    /** Ours: a node that has all slots of its cluster serves clients that know nothing of slots, too. */
    public final SwitchSetting clusterCompatible = toggle("cluster-compatible", false);
    public final SwitchSetting clusterRequireFullCoverage = toggle("cluster-require-full-coverage", true);
    public final SwitchSetting clusterAllowReadsWhenDown = toggle("cluster-allow-reads-when-down", false);
    public final SwitchSetting clusterAllowPubsubshardWhenDown = toggle("cluster-allow-pubsubshard-when-down", true);

    // --- replication ---
    /** Whom the node follows from its start on: host and port; empty for nobody. */
    public final TextSetting replicaOf = add(new TextSetting("replicaof", false, ""));
    public final TextSetting primaryAuth = add(new TextSetting("masterauth", true, ""));
    public final TextSetting primaryUser = add(new TextSetting("masteruser", true, ""));
    public final SwitchSetting replicaReadOnly = toggle("replica-read-only", true);
    /** Ours, from ElastiCache: who writes to a replica loses his connection, and so finds the primary by the endpoint. */
    public final SwitchSetting closeOnReplicaWrite = toggle("close-on-replica-write", false);
    public final SwitchSetting replicaServeStaleData = toggle("replica-serve-stale-data", true);
    public final SwitchSetting replicaIgnoreMaxMemory = toggle("replica-ignore-maxmemory", true);
    public final NumberSetting replicaPriority = number("replica-priority", true, 100, 0, Integer.MAX_VALUE);
    public final TextSetting replicaAnnounceIp = add(new TextSetting("replica-announce-ip", true, ""));
    public final NumberSetting replicaAnnouncePort = number("replica-announce-port", true, 0, 0, MAX_PORT);
    public final NumberSetting replBacklogSize = memory("repl-backlog-size", 10L << 20, 16 << 10, NO_LIMIT);
    public final NumberSetting replBacklogTtl = number("repl-backlog-ttl", true, 3600, 0, NO_LIMIT / 1000);
    public final NumberSetting replTimeout = number("repl-timeout", true, 60, 1, Integer.MAX_VALUE / 1000);
    public final NumberSetting replPingReplicaPeriod = number("repl-ping-replica-period", true, 10, 1,
            Integer.MAX_VALUE);
    public final NumberSetting minReplicasToWrite = number("min-replicas-to-write", true, 0, 0, Integer.MAX_VALUE);
    public final NumberSetting minReplicasMaxLag = number("min-replicas-max-lag", true, 10, 0, Integer.MAX_VALUE);

    /**
     * How followers and the log are told of a key that goes by itself: by UNLINK if on, else by DEL. Memory is freed in
     * slices either way, but for that of keys found expired, which is freed at once if off.
     */
    public final SwitchSetting lazyExpire = toggle("lazyfree-lazy-expire", true);
    public final SwitchSetting lazyEviction = toggle("lazyfree-lazy-eviction", true);
    public final SwitchSetting lazyServerDel = toggle("lazyfree-lazy-server-del", true);

    // --- watching ---
    public final NumberSetting slowlogLogSlowerThan = number("slowlog-log-slower-than", true, 10_000, -1, NO_LIMIT);
    public final NumberSetting slowlogMaxLen = number("slowlog-max-len", true, 128, 0, NO_LIMIT);
    public final NumberSetting largeRequestBytes = number("commandlog-request-larger-than", true, 1 << 20, -1,
            NO_LIMIT);
    public final NumberSetting largeRequestMaxLen = number("commandlog-large-request-max-len", true, 128, 0, NO_LIMIT);
    public final NumberSetting largeReplyBytes = number("commandlog-reply-larger-than", true, 1 << 20, -1, NO_LIMIT);
    public final NumberSetting largeReplyMaxLen = number("commandlog-large-reply-max-len", true, 128, 0, NO_LIMIT);
    public final NumberSetting latencyMonitorThreshold = number("latency-monitor-threshold", true, 0, 0, NO_LIMIT);
    public final NotificationSetting notifications = add(new NotificationSetting());
    public final SwitchSetting latencyTracking = toggle("latency-tracking", true);

    public final NumberSetting trackingTableMaxKeys = number("tracking-table-max-keys", true, 1_000_000, 0, NO_LIMIT);

    // --- what this node says of itself ---
    public final SwitchSetting extendedCompatibility = toggle("extended-redis-compatibility", false);

    // --- only kept: the original's way of doing something that is done in another way here ---
    {
        // Whoever starts the program decides whether it runs in the foreground.
        kept(new SwitchSetting("daemonize", false, false));
        kept(new NumberSetting("list-compress-depth", true, 0, 0, Integer.MAX_VALUE, false));
        // Replicas get their first copy through the socket, each when it asks.
        kept(new SwitchSetting("repl-diskless-sync", true, true));
        kept(new NumberSetting("repl-diskless-sync-delay", true, 0, 0, Integer.MAX_VALUE, false));
        // Whatever is loaded is checked.
        kept(new ChoiceSetting("sanitize-dump-payload", true, "no", "yes", "clients"));
        // Large values are always freed in slices after they are deleted.
        kept(new SwitchSetting("lazyfree-lazy-user-del", true, true));
        kept(new SwitchSetting("lazyfree-lazy-user-flush", true, true));
    }

    {
        // What the node's keeper alone sets is no client's business.
        atRestKeyFile.hide();
        atRestKeyId.hide();
        alias("commandlog-execution-slower-than", slowlogLogSlowerThan);
        alias("commandlog-slow-execution-max-len", slowlogMaxLen);
        alias("primaryauth", primaryAuth);
        alias("primaryuser", primaryUser);
        alias("slaveof", replicaOf);
        alias("slave-read-only", replicaReadOnly);
        alias("slave-serve-stale-data", replicaServeStaleData);
        alias("slave-ignore-maxmemory", replicaIgnoreMaxMemory);
        alias("slave-priority", replicaPriority);
        alias("slave-announce-ip", replicaAnnounceIp);
        alias("slave-announce-port", replicaAnnouncePort);
        alias("repl-ping-slave-period", replPingReplicaPeriod);
        alias("min-slaves-to-write", minReplicasToWrite);
        alias("min-slaves-max-lag", minReplicasMaxLag);
        alias("hash-max-ziplist-entries", hashMaxListpackEntries);
        alias("hash-max-ziplist-value", hashMaxListpackValue);
        alias("list-max-ziplist-size", listMaxListpackSize);
        alias("zset-max-ziplist-entries", zsetMaxListpackEntries);
        alias("zset-max-ziplist-value", zsetMaxListpackValue);
    }

    /** A second name of a setting, from before the original changed it. */
    private void alias(String name, Setting setting) {
        add(new AliasSetting(name, setting));
    }

    private <T extends Setting> T add(T setting) {
        if (table.put(setting.name(), setting) != null) {
            throw new IllegalStateException("twice: " + setting.name());
        }
        return setting;
    }

    private void kept(Setting setting) {
        setting.isOnlyKept();
        add(setting);
    }

    private NumberSetting number(String name, boolean mutable, long defaultValue, long least, long most) {
        return add(new NumberSetting(name, mutable, defaultValue, least, most, false));
    }

    private NumberSetting hidden(String name) {
        NumberSetting setting = number(name, true, 0, Integer.MIN_VALUE, Integer.MAX_VALUE);
        setting.hide();
        return setting;
    }

    private NumberSetting memory(String name, long defaultBytes, long least, long most) {
        return add(new NumberSetting(name, true, defaultBytes, least, most, true));
    }

    private SwitchSetting toggle(String name, boolean defaultValue) {
        return add(new SwitchSetting(name, true, defaultValue));
    }

    /** All settings, ordered by name. */
    public Collection<Setting> all() {
        return Collections.unmodifiableCollection(table.values());
    }

    /** The setting of this name, in letters of any case, or null. */
    public @Nullable Setting find(String name) {
        String known = name.toLowerCase(Locale.ROOT);
        return table.get(FORMER_NAMES.getOrDefault(known, known));
    }

    /** Takes a node's first settings, before it runs: what cannot change later may be set here. */
    public void start(Map<String, String> values) throws InvalidSettingException {
        for (Map.Entry<String, String> entry : values.entrySet()) {
            Setting setting = find(entry.getKey());
            if (setting == null) {
                throw new InvalidSettingException(entry.getKey(), "unknown setting");
            }
            setting.set(entry.getValue());
        }
    }

    /** Makes changed settings true where more than a value is behind them, or says why that cannot be. */
    public interface Applier {
        void apply(Set<Setting> changed) throws InvalidSettingException;
    }

    /** One more who has to agree to changes. */
    public synchronized void applier(Applier value) {
        appliers.add(value);
    }

    /** Changes all of them or, if one is refused, none. */
    public synchronized void change(Map<Setting, String> values) throws InvalidSettingException {
        Map<Setting, String> before = new LinkedHashMap<>();
        try {
            for (Map.Entry<Setting, String> entry : values.entrySet()) {
                before.put(entry.getKey(), entry.getKey().text());
                entry.getKey().set(entry.getValue());
            }
            for (Applier applier : appliers) {
                applier.apply(values.keySet());
            }
        } catch (InvalidSettingException refused) {
            List<Map.Entry<Setting, String>> undo = new ArrayList<>(before.entrySet());
            for (Map.Entry<Setting, String> entry : undo) {
                entry.getKey().set(entry.getValue());
            }
            throw refused;
        }
    }
}

package dev.cistern.engine.commands;

import dev.cistern.engine.appendonly.AppendOnly;
import dev.cistern.engine.commands.InfoCommand.Section;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.Condition;
import dev.cistern.engine.dispatch.Durations;
import dev.cistern.engine.dispatch.MemoryReport;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.persistence.Persistence;
import dev.cistern.engine.pubsub.Kind;
import dev.cistern.engine.replication.ReplicationFacts;
import dev.cistern.engine.scripting.Scripts;
import dev.cistern.engine.settings.MemorySize;
import dev.cistern.store.KeyspaceStats;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import dev.cistern.store.Store;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * The text of INFO, section by section: the fields that clients, exporters and consoles read.
 *
 * <p>A field is here when we have its fact; what is not built yet shows the value that the original shows where it is
 * switched off. Made anew for each call.
 */
final class InfoSections {
    private static final double KILO = 1024;

    private final Node node;
    private final StringBuilder text = new StringBuilder();

    InfoSections(Node node) {
        this.node = node;
    }

    String text() {
        return text.toString();
    }

    void add(Section section) {
        String name = section.name();
        text.append(text.isEmpty() ? "# " : "\r\n# ").append(name.charAt(0))
                .append(section == Section.CPU ? "PU" : name.substring(1).toLowerCase(Locale.ROOT)).append("\r\n");
        switch (section) {
            case SERVER -> server();
            case CLIENTS -> clients();
            case MEMORY -> memory();
            case PERSISTENCE -> persistence();
            case STATS -> stats();
            case REPLICATION -> replication();
            case CPU -> cpu();
            case MODULES -> {
            }
            case COMMANDSTATS -> commandStats();
            case ERRORSTATS -> node.errors().byCode()
                    .forEach((code, count) -> field("errorstat_" + code, "count=" + count));
            case LATENCYSTATS -> latencyStats();
            case CLUSTER -> field("cluster_enabled", node.router() == null ? 0 : 1);
            case KEYSPACE -> keyspace();
        }
    }

    private void field(String name, Object value) {
        text.append(name).append(':').append(value).append("\r\n");
    }

    private void bytes(String name, long value) {
        field(name, value);
        field(name + "_human", MemorySize.human(value));
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    private void server() {
        long now = node.clock().wallMillis();
        long uptimeSeconds = (now - node.identity().startedMillis()) / 1000;
        field("redis_version", node.identity().redisVersion());
        field("server_name", "valkey");
        field("valkey_version", node.identity().valkeyVersion());
        field("redis_git_sha1", 0);
        field("redis_git_dirty", 0);
        field("redis_build_id", 0);
        // Valkey renamed it; tools that know only the old name ask for the compatible one.
        field(node.settings().extendedCompatibility.isOn() ? "redis_mode" : "server_mode",
                node.router() == null ? "standalone" : "cluster");
        field("os", node.identity().operatingSystem());
        field("arch_bits", 64);
        field("gcc_version", "0.0.0");
        field("multiplexing_api", node.identity().transport());
        field("process_id", ProcessHandle.current().pid());
        field("run_id", node.identity().runId());
        field("tcp_port", node.port());
        field("server_time_usec", node.clock().wallMicros());
        field("uptime_in_seconds", uptimeSeconds);
        field("uptime_in_days", TimeUnit.SECONDS.toDays(uptimeSeconds));
        field("hz", node.settings().hz.value());
        field("configured_hz", node.settings().hz.value());
        field("lru_clock", now / 1000 & 0xFFFFFF);
        field("executable", "-");
        field("config_file", "");
        field("io_threads_active", 0);
    }

    private void clients() {
        field("connected_clients", node.sessions().count());
        field("cluster_connections", 0);
        field("maxclients", node.settings().maxClients.value());
        field("client_recent_max_input_buffer", maxInput());
        field("client_recent_max_output_buffer", maxOutput());
        field("blocked_clients", count(Session::isBlocked));
        field("tracking_clients", node.trackedKeys().sessions());
        field("pubsub_clients", count(Session::isSubscribed));
        field("watching_clients", count(session -> session.watchedKeys() > 0));
        field("clients_in_timeout_table", 0);
        field("total_watched_keys", node.watchedKeys().count());
        field("total_blocking_keys", node.blockedKeys().keys());
        field("total_blocking_keys_on_nokey", node.blockedKeys().keysWaitedForEvenGone());
    }

    private long count(Predicate<Session> which) {
        return node.sessions().all().stream().filter(which).count();
    }

    private long maxInput() {
        return node.sessions().all().stream().mapToLong(session -> session.waitingCapacity()).max().orElse(0);
    }

    private long maxOutput() {
        return node.sessions().all().stream().mapToLong(session -> session.connection().backlogBytes()).max().orElse(0);
    }

    private void memory() {
        MemoryReport report = MemoryReport.of(node);
        long rss = MemoryReport.processResidentBytes();
        long total = totalSystemMemory();
        bytes("used_memory", report.usedBytes());
        bytes("used_memory_rss", rss);
        bytes("used_memory_peak", report.peakBytes());
        field("used_memory_peak_perc", format("%.2f%%", report.peakPercentage()));
        field("used_memory_overhead", report.overheadBytes());
        field("used_memory_startup", report.startupBytes());
        field("used_memory_dataset", report.datasetBytes());
        field("used_memory_dataset_perc", format("%.2f%%", report.datasetPercentage()));
        field("allocator_allocated", report.usedBytes());
        field("allocator_active", report.residentBytes());
        field("allocator_resident", report.residentBytes());
        bytes("total_system_memory", total);
        Scripts scripts = Scripts.of(node);
        bytes("used_memory_lua", scripts.functionEngineBytes());
        bytes("used_memory_scripts", scripts.scriptBytes());
        field("number_of_cached_scripts", scripts.cachedScripts());
        field("number_of_functions", scripts.functionCount());
        field("number_of_libraries", scripts.libraryCount());
        bytes("maxmemory", node.settings().maxMemory.value());
        field("maxmemory_policy", node.settings().maxMemoryPolicy.value());
        field("allocator_frag_ratio", format("%.2f", report.fragmentationRatio()));
        field("allocator_frag_bytes", Math.max(0, report.residentBytes() - report.usedBytes()));
        field("mem_fragmentation_ratio", format("%.2f", report.fragmentationRatio()));
        field("mem_fragmentation_bytes", Math.max(0, report.residentBytes() - report.usedBytes()));
        field("mem_not_counted_for_evict", Math.max(0, report.usedBytes() - node.store().usedBytes()));
        field("mem_replication_backlog", Memory.heldBytes(MemoryTag.REPLICATION));
        field("mem_clients_slaves", 0);
        field("mem_clients_normal", report.sessionBytes());
        field("mem_cluster_links", 0);
        field("mem_aof_buffer", node.appendOnly().bufferedBytes());
        field("mem_allocator", "cistern");
        field("active_defrag_running", node.healingPercent());
        field("lazyfree_pending_objects", node.store().valuesToRelease());
        field("lazyfreed_objects", node.releasedValues());
    }

    private static long totalSystemMemory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : 0;
    }

    private void persistence() {
        field("loading", node.is(Condition.LOADING) ? 1 : 0);
        field("async_loading", 0);
        Persistence persistence = node.persistence();
        field("rdb_changes_since_last_save", persistence.changesSinceSave());
        field("rdb_bgsave_in_progress", persistence.isSaving() ? 1 : 0);
        field("rdb_last_save_time", persistence.lastSaveMillis() / 1000);
        field("rdb_last_bgsave_status", persistence.lastFailed() ? "err" : "ok");
        field("rdb_last_bgsave_time_sec", persistence.lastSeconds());
        field("rdb_current_bgsave_time_sec", persistence.currentSeconds());
        field("rdb_saves", persistence.saves());
        field("rdb_last_cow_size", 0);
        field("rdb_last_load_keys_expired", persistence.keysExpired());
        field("rdb_last_load_keys_loaded", persistence.keysLoaded());
        appendOnly();
    }

    private void appendOnly() {
        AppendOnly file = node.appendOnly();
        field("aof_enabled", file.isOn() ? 1 : 0);
        field("aof_rewrite_in_progress", file.rewrite().isUnderWay() ? 1 : 0);
        field("aof_rewrite_scheduled", file.rewrite().isScheduled() ? 1 : 0);
        field("aof_last_rewrite_time_sec", file.rewrite().lastSeconds());
        field("aof_current_rewrite_time_sec", file.rewrite().currentSeconds());
        field("aof_last_bgrewrite_status", file.rewrite().lastFailed() ? "err" : "ok");
        field("aof_rewrites", file.rewrite().count());
        field("aof_last_write_status", file.isFailing() ? "err" : "ok");
        field("aof_last_cow_size", 0);
        if (file.isOn()) {
            field("aof_current_size", file.bytes());
            field("aof_base_size", file.rewrite().baseBytes());
            field("aof_pending_rewrite", 0);
            field("aof_buffer_length", file.bufferedBytes());
            field("aof_pending_bio_fsync", file.isSyncing() ? 1 : 0);
            field("aof_delayed_fsync", 0);
        }
    }

    private void stats() {
        KeyspaceStats keyspace = node.store().stats();
        field("total_connections_received", node.counters().connectionsReceived.sum());
        field("total_commands_processed", node.executedCommands());
        field("instantaneous_ops_per_sec", node.rates().commandsPerSecond());
        field("total_net_input_bytes", node.receivedBytes());
        field("total_net_output_bytes", node.sentBytes());
        field("total_net_repl_input_bytes", node.replication().receivedBytes());
        field("total_net_repl_output_bytes", node.replication().sentBytes());
        field("instantaneous_input_kbps", format("%.2f", node.rates().receivedPerSecond() / KILO));
        field("instantaneous_output_kbps", format("%.2f", node.rates().sentPerSecond() / KILO));
        field("rejected_connections", node.counters().connectionsRejected.sum());
        field("sync_full", node.replication().fullSyncs());
        field("sync_partial_ok", node.replication().partialSyncs());
        field("sync_partial_err", node.replication().refusedPartialSyncs());
        field("expired_keys", keyspace.expired());
        field("expired_fields", keyspace.expiredFields());
        field("expired_stale_perc", format("%.2f", node.expiredStalePercentage()));
        field("expired_time_cap_reached_count", node.counters().expiryTimeCapReached.sum());
        field("evicted_keys", keyspace.evicted());
        field("evicted_clients", node.counters().evictedSessions.sum());
        field("evicted_scripts", Scripts.of(node).evictedScripts());
        field("keyspace_hits", keyspace.hits());
        field("keyspace_misses", keyspace.misses());
        field("pubsub_channels", node.channels().count(Kind.CHANNEL));
        field("pubsub_patterns", node.channels().count(Kind.PATTERN));
        field("pubsubshard_channels", node.channels().count(Kind.SHARD));
        field("latest_fork_usec", 0);
        field("total_forks", 0);
        field("migrate_cached_sockets", 0);
        field("tracking_total_keys", node.trackedKeys().keys());
        field("tracking_total_items", node.trackedKeys().items());
        field("tracking_total_prefixes", node.trackedKeys().prefixes());
        field("unexpected_error_replies", node.counters().bugs.sum());
        field("total_error_replies", node.errors().total());
        field("acl_access_denied_auth", node.counters().deniedAuthentications.sum());
        field("acl_access_denied_cmd", node.counters().deniedCommands.sum());
        field("acl_access_denied_key", node.counters().deniedKeys.sum());
        field("acl_access_denied_channel", node.counters().deniedChannels.sum());
        if (node.users().loginTokens().hasUsers()) {
            field("iam_authentications", node.counters().tokenLogins.sum());
            field("iam_authentication_failures", node.counters().deniedTokenLogins.sum());
            field("iam_authentication_expirations", node.counters().endedTokenLogins.sum());
        }
        field("client_query_buffer_limit_disconnections", node.counters().queryLimitDisconnections.sum());
        field("client_output_buffer_limit_disconnections", node.counters().outputLimitDisconnections.sum());
    }

    private void replication() {
        ReplicationFacts.of(node.replication()).forEach(this::field);
    }

    /** Of the process: the nodes of one process share their threads. */
    private void cpu() {
        double total = ManagementFactory
                .getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                        ? system.getProcessCpuTime() / 1e9
                        : 0;
        double user = ProcessTimes.userSeconds();
        field("used_cpu_sys", format("%.6f", Math.max(0, total - user)));
        field("used_cpu_user", format("%.6f", Math.min(total, user)));
        field("used_cpu_sys_children", "0.000000");
        field("used_cpu_user_children", "0.000000");
    }

    private void commandStats() {
        for (Command command : node.commands().numbered()) {
            long calls = 0;
            long nanos = 0;
            long rejections = 0;
            long failures = 0;
            for (NodeLoop loop : node.loops()) {
                calls += loop.statistics().calls(command);
                nanos += loop.statistics().nanos(command);
                rejections += loop.statistics().rejections(command);
                failures += loop.statistics().failures(command);
            }
            if (calls + rejections + failures > 0) {
                field("cmdstat_" + command.fullName(),
                        format("calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d", calls,
                                nanos / 1000, calls == 0 ? 0.0 : nanos / 1000.0 / calls, rejections, failures));
            }
        }
    }

    private void latencyStats() {
        for (Command command : node.commands().numbered()) {
            Durations durations = Durations.of(node, command);
            if (durations.calls() > 0) {
                field("latency_percentiles_usec_" + command.fullName(),
                        format("p50=%.3f,p99=%.3f,p99.9=%.3f", durations.percentileMicros(50),
                                durations.percentileMicros(99), durations.percentileMicros(99.9)));
            }
        }
    }

    private void keyspace() {
        Store store = node.store();
        long now = node.clock().wallMillis();
        for (int database = 0; database < store.databases(); database++) {
            long keys = store.size(database);
            if (keys > 0) {
                field("db" + database, format("keys=%d,expires=%d,avg_ttl=%d", keys, store.volatileSize(database),
                        store.averageTtlMillis(database, now)));
            }
        }
    }
}

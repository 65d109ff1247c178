package dev.cistern.engine.memcached;

import com.sun.management.OperatingSystemMXBean;
import dev.cistern.store.Store;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.function.BiConsumer;

/**
 * What {@code stats} and its pages tell, as names and values in the original's order. How they are written is the
 * protocol's business. Figures of structures that we do not have stand for what comes nearest, or are 0.
 */
final class StatisticsPages {
    private static final long NANOS = 1_000_000_000;
    private static final int NANOS_PER_MICRO = 1000;
    private static final int POINTER_BITS = 64;
    private static final int RESERVED_DESCRIPTORS = 20;

    private final Rooms rooms;

    StatisticsPages(Rooms rooms) {
        this.rooms = rooms;
    }

    /** Takes one name and value. */
    interface Sink {
        void tell(String name, String value);

        default void tell(String name, long value) {
            tell(name, Long.toString(value));
        }
    }

    // --- stats ---

    void general(Sink sink) {
        process(sink);
        connections(sink);
        requests(sink);
        traffic(sink);
        structures(sink);
        items(sink);
    }

    private void process(Sink sink) {
        long nowMillis = rooms.clock().wallMillis();
        sink.tell("pid", ProcessHandle.current().pid());
        sink.tell("uptime", (nowMillis - rooms.startedMillis()) / 1000);
        sink.tell("time", nowMillis / 1000);
        sink.tell("version", rooms.settings().version);
        sink.tell("libevent", "none");
        sink.tell("pointer_size", POINTER_BITS);
        cpuTimes(sink);
    }

    private static void cpuTimes(Sink sink) {
        long user = 0;
        long all = 0;
        if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
            all = system.getProcessCpuTime();
        }
        for (long thread : ManagementFactory.getThreadMXBean().getAllThreadIds()) {
            user += Math.max(0, ManagementFactory.getThreadMXBean().getThreadUserTime(thread));
        }
        sink.tell("rusage_user", seconds(user));
        sink.tell("rusage_system", seconds(Math.max(0, all - user)));
    }

    private static String seconds(long nanos) {
        return "%d.%06d".formatted(nanos / NANOS, nanos % NANOS / NANOS_PER_MICRO);
    }

    private void connections(Sink sink) {
        Connections connections = rooms.connections();
        sink.tell("max_connections", rooms.settings().maxConnections);
        sink.tell("curr_connections", connections.count());
        sink.tell("total_connections", connections.total());
        if (rooms.settings().rejectsFast) {
            sink.tell("rejected_connections", connections.rejected());
        }
        sink.tell("connection_structures", connections.most());
        sink.tell("response_obj_oom", 0);
        sink.tell("response_obj_count", rooms.loops().size());
        sink.tell("response_obj_bytes", rooms.loops().size() * ItemReply.USUAL_BYTES);
        sink.tell("read_buf_count", rooms.loops().size());
        sink.tell("read_buf_bytes", rooms.loops().size() * (long) dev.cistern.engine.network.ReceiveBuffer.READ_BYTES);
        sink.tell("read_buf_bytes_free", 0);
        sink.tell("read_buf_oom", 0);
        sink.tell("reserved_fds", RESERVED_DESCRIPTORS);
    }

    private void requests(Sink sink) {
        Counters counters = rooms.counters();
        for (Count count : new Count[]{Count.CMD_GET, Count.CMD_SET, Count.CMD_FLUSH, Count.CMD_TOUCH, Count.CMD_META,
                Count.GET_HITS, Count.GET_MISSES}) {
            tell(sink, counters, count);
        }
        sink.tell("get_expired", Math.max(0, rooms.removals().expired() - rooms.removals().foundByWalk()));
        sink.tell("get_flushed", 0);
        for (Count count : new Count[]{Count.DELETE_MISSES, Count.DELETE_HITS, Count.INCR_MISSES, Count.INCR_HITS,
                Count.DECR_MISSES, Count.DECR_HITS, Count.CAS_MISSES, Count.CAS_HITS, Count.CAS_BADVAL,
                Count.TOUCH_HITS, Count.TOUCH_MISSES, Count.STORE_TOO_LARGE, Count.STORE_NO_MEMORY, Count.AUTH_CMDS,
                Count.AUTH_ERRORS}) {
            tell(sink, counters, count);
        }
        if (rooms.settings().idleTimeoutSeconds > 0) {
            tell(sink, counters, Count.IDLE_KICKS);
        }
    }

    private static void tell(Sink sink, Counters counters, Count count) {
        sink.tell(count.name().toLowerCase(Locale.ROOT), counters.of(count));
    }

    private void traffic(Sink sink) {
        Counters counters = rooms.counters();
        tell(sink, counters, Count.BYTES_READ);
        tell(sink, counters, Count.BYTES_WRITTEN);
        sink.tell("limit_maxbytes", rooms.settings().limitBytes);
        if (rooms.settings().isTls) {
            sink.tell("ssl_handshake_errors", rooms.encryption().door().failedHandshakes());
            sink.tell("time_since_server_cert_refresh", rooms.encryption().secondsSinceRefresh());
        }
        sink.tell("accepting_conns", rooms.isAccepting() ? 1 : 0);
        sink.tell("listen_disabled_num", rooms.acceptingStops());
        sink.tell("time_in_listen_disabled_us", 0);
        sink.tell("threads", rooms.settings().threads);
        tell(sink, counters, Count.CONN_YIELDS);
    }

    private void structures(Sink sink) {
        long hashBytes = rooms.store().indexBytes();
        sink.tell("hash_power_level",
                hashBytes == 0 ? 0 : Long.SIZE - Long.numberOfLeadingZeros(hashBytes / Long.BYTES));
        sink.tell("hash_bytes", hashBytes);
        sink.tell("hash_is_expanding", 0);
        if (rooms.settings().slabReassign) {
            for (String name : new String[]{"slab_reassign_rescues", "slab_reassign_chunk_rescues",
                    "slab_reassign_evictions_nomem", "slab_reassign_inline_reclaim", "slab_reassign_busy_items",
                    "slab_reassign_busy_deletes", "slab_reassign_running", "slabs_moved"}) {
                sink.tell(name, 0);
            }
        }
        if (rooms.settings().crawls) {
            sink.tell("lru_crawler_running", 0);
            sink.tell("lru_crawler_starts", rooms.expiryRounds());
        }
        if (rooms.settings().hasMaintainer) {
            sink.tell("lru_maintainer_juggles", 0);
        }
        sink.tell("malloc_fails", 0);
        sink.tell("log_worker_dropped", 0);
        sink.tell("log_worker_written", rooms.watchers().sent());
        sink.tell("log_watcher_skipped", rooms.watchers().skipped());
        sink.tell("log_watcher_sent", rooms.watchers().sent());
        sink.tell("log_watchers", rooms.watchers().count());
        sink.tell("unexpected_napi_ids", 0);
        sink.tell("round_robin_fallback", 0);
    }

    private void items(Sink sink) {
        Counters counters = rooms.counters();
        Store store = rooms.store();
        Removals removals = rooms.removals();
        tell(sink, counters, Count.CMD_CONFIG_GET);
        tell(sink, counters, Count.CMD_CONFIG_SET);
        sink.tell("curr_config", rooms.cluster().count());
        sink.tell("bytes", store.usedBytes());
        sink.tell("curr_items", store.size(0));
        tell(sink, counters, Count.TOTAL_ITEMS);
        sink.tell("slab_global_page_pool", 0);
        sink.tell("expired_unfetched", removals.expiredUnfetched());
        sink.tell("evicted_unfetched", removals.evictedUnfetched());
        if (rooms.settings().hasMaintainer) {
            sink.tell("evicted_active", removals.evictedActive());
        }
        sink.tell("evictions", removals.evicted());
        sink.tell("reclaimed", removals.expired());
        sink.tell("crawler_reclaimed", removals.foundByWalk());
        sink.tell("crawler_items_checked", rooms.expiryLooks());
        sink.tell("lrutail_reflocked", 0);
        if (rooms.settings().hasMaintainer) {
            for (String name : new String[]{"moves_to_cold", "moves_to_warm", "moves_within_lru", "direct_reclaims",
                    "lru_bumps_dropped"}) {
                sink.tell(name, 0);
            }
        }
    }

    // --- stats settings ---

    void settings(Sink sink) {
        network(sink);
        memory(sink);
        recency(sink);
        if (rooms.settings().isTls) {
            encryption(sink);
        }
    }

    private void network(Sink sink) {
        MemcachedSettings settings = rooms.settings();
        sink.tell("maxbytes", settings.limitBytes);
        sink.tell("maxconns", settings.maxConnections);
        sink.tell("tcpport", rooms.port());
        sink.tell("udpport", 0);
        sink.tell("inter", settings.bind);
        sink.tell("verbosity", settings.verbosity);
        sink.tell("oldest", settings.oldest);
        sink.tell("evictions", settings.evicts ? "on" : "off");
        sink.tell("domain_socket", "NULL");
        sink.tell("umask", "700");
        sink.tell("shutdown_command", "no");
        sink.tell("growth_factor", "%.2f".formatted(settings.growthFactor));
        sink.tell("chunk_size", settings.chunkBytes);
        sink.tell("num_threads", settings.threads);
        sink.tell("num_threads_per_udp", settings.threads);
        sink.tell("stat_key_prefix", ":");
        sink.tell("detail_enabled", yesNo(settings.countsPrefixes));
        sink.tell("reqs_per_event", settings.requestsPerEvent);
        sink.tell("cas_enabled", yesNo(settings.hasUniqueNumbers));
        sink.tell("tcp_backlog", settings.backlog);
        String protocol = settings.isTextAllowed ? "ascii" : "binary";
        sink.tell("binding_protocol", settings.isTextAllowed && settings.isBinaryAllowed ? "auto-negotiate" : protocol);
        sink.tell("auth_enabled_sasl", yesNo(settings.isSasl));
        sink.tell("auth_enabled_ascii", settings.authFile.isEmpty() || settings.isSasl ? "no" : settings.authFile);
    }

    private void memory(Sink sink) {
        MemcachedSettings settings = rooms.settings();
        sink.tell("item_size_max", settings.largestItemBytes);
        sink.tell("maxconns_fast", yesNo(settings.rejectsFast));
        sink.tell("hashpower_init", settings.hashPower);
        sink.tell("slab_reassign", yesNo(settings.slabReassign));
        sink.tell("slab_automove", settings.slabAutomove);
        sink.tell("slab_automove_ratio", "%.2f".formatted(settings.slabAutomoveRatio));
        sink.tell("slab_automove_window", 30);
        sink.tell("slab_chunk_max", settings.largestChunkBytes);
        sink.tell("lru_crawler", yesNo(settings.crawls));
        sink.tell("lru_crawler_sleep", settings.crawlerSleepMicros);
        sink.tell("lru_crawler_tocrawl", settings.crawlerToCrawl);
        sink.tell("tail_repair_time", 0);
        sink.tell("flush_enabled", yesNo(settings.mayFlush));
        sink.tell("dump_enabled", yesNo(settings.mayDump));
        sink.tell("hash_algorithm", settings.hashAlgorithm);
    }

    private void encryption(Sink sink) {
        MemcachedSettings settings = rooms.settings();
        sink.tell("ssl_enabled", yesNo(settings.isTls));
        sink.tell("ssl_chain_cert", settings.tlsChain);
        sink.tell("ssl_key", settings.tlsKey);
        sink.tell("ssl_verify_mode", settings.tlsVerifyMode);
        sink.tell("ssl_ciphers", settings.tlsCiphers.isEmpty() ? "NULL" : settings.tlsCiphers);
        sink.tell("ssl_ca_cert", settings.tlsAuthorities.isEmpty() ? "NULL" : settings.tlsAuthorities);
        sink.tell("ssl_session_cache", yesNo(settings.tlsCachesSessions));
        sink.tell("ssl_min_version", settings.tlsLeastVersion);
    }

    private void recency(Sink sink) {
        MemcachedSettings settings = rooms.settings();
        sink.tell("lru_maintainer_thread", yesNo(settings.hasMaintainer));
        sink.tell("lru_segmented", yesNo(settings.isSegmented));
        sink.tell("hot_lru_pct", settings.hotPercent);
        sink.tell("warm_lru_pct", settings.warmPercent);
        sink.tell("hot_max_factor", "%.2f".formatted(settings.hotFactor));
        sink.tell("warm_max_factor", "%.2f".formatted(settings.warmFactor));
        sink.tell("temp_lru", yesNo(settings.hasTemporaryLru));
        sink.tell("temporary_ttl", settings.temporaryTtl);
        sink.tell("idle_timeout", settings.idleTimeoutSeconds);
        sink.tell("watcher_logbuf_size", settings.watcherBufferBytes);
        sink.tell("worker_logbuf_size", settings.workerBufferBytes);
        sink.tell("read_buf_mem_limit", 0);
        sink.tell("track_sizes", yesNo(settings.tracksSizes));
        sink.tell("inline_ascii_response", "no");
        sink.tell("ssl_enabled", "no");
        sink.tell("num_napi_ids", "(null)");
        sink.tell("memory_file", "(null)");
    }

    private static String yesNo(boolean value) {
        return value ? "yes" : "no";
    }

    // --- stats conns ---

    void sessions(Sink sink, ItemSession asking) {
        long now = rooms.clock().wallMillis();
        // In the order of descriptors, as in the original: the last one is the newest, and tools rely on it.
        for (ItemSession session : rooms.connections().inOrder()) {
            int descriptor = session.descriptor();
            sink.tell(descriptor + ":addr", "tcp:" + session.remoteAddress());
            sink.tell(descriptor + ":listen_addr", "tcp:" + session.connection().localAddress());
            String idle = session.isWatching ? "conn_watch" : "conn_read";
            sink.tell(descriptor + ":state", session.descriptor() == asking.descriptor() ? "conn_parse_cmd" : idle);
            sink.tell(descriptor + ":secs_since_last_cmd", Math.max(0, now - session.lastActiveMillis) / 1000);
        }
    }

    // --- pages that need a census ---

    /** The page of this name; null for none. */
    @org.jspecify.annotations.Nullable
    BiConsumer<Census, Sink> censusPage(String name) {
        return switch (name) {
            case "items" -> this::itemClasses;
            case "slabs" -> this::slabs;
            case "sizes" -> this::sizes;
            default -> null;
        };
    }

    private void itemClasses(Census census, Sink sink) {
        Counters counters = rooms.counters();
        for (int i = 1; i <= rooms.sizeClasses().largestClass(); i++) {
            if (census.of(i).number > 0) {
                itemClass(census.of(i), i, counters, sink);
            }
        }
    }

    private void itemClass(Census.OfClass of, int number, Counters counters, Sink sink) {
        String prefix = "items:" + number + ":";
        boolean segments = rooms.settings().hasMaintainer;
        sink.tell(prefix + "number", of.number);
        if (segments) {
            sink.tell(prefix + "number_hot", of.hot);
            sink.tell(prefix + "number_warm", of.warm);
            sink.tell(prefix + "number_cold", of.cold);
            if (rooms.settings().hasTemporaryLru) {
                sink.tell(prefix + "number_temp", 0);
            }
            sink.tell(prefix + "age_hot", of.oldestHotSeconds);
            sink.tell(prefix + "age_warm", of.oldestWarmSeconds);
        }
        sink.tell(prefix + "age", of.oldestSeconds);
        sink.tell(prefix + "mem_requested", of.requestedBytes);
        sink.tell(prefix + "evicted", rooms.removals().evictedOfClass(number));
        sink.tell(prefix + "evicted_nonzero", rooms.removals().evictedWithDeadline(number));
        sink.tell(prefix + "evicted_time", rooms.removals().idleSecondsOfLast(number));
        zeros(sink, prefix, "outofmemory", "tailrepairs");
        sink.tell(prefix + "reclaimed", rooms.removals().expiredOfClass(number));
        sink.tell(prefix + "expired_unfetched", rooms.removals().expiredUnfetchedOfClass(number));
        sink.tell(prefix + "evicted_unfetched", rooms.removals().evictedUnfetchedOfClass(number));
        if (segments) {
            sink.tell(prefix + "evicted_active", rooms.removals().evictedActiveOfClass(number));
        }
        zeros(sink, prefix, "crawler_reclaimed", "crawler_items_checked", "lrutail_reflocked");
        if (segments) {
            zeros(sink, prefix, "moves_to_cold", "moves_to_warm", "moves_within_lru", "direct_reclaims");
            sink.tell(prefix + "hits_to_hot", counters.of(Count.GET_HITS, number));
            zeros(sink, prefix, "hits_to_warm", "hits_to_cold", "hits_to_temp");
        }
    }

    private static void zeros(Sink sink, String prefix, String... names) {
        for (String name : names) {
            sink.tell(prefix + name, 0);
        }
    }

    private void slabs(Census census, Sink sink) {
        Counters counters = rooms.counters();
        int active = 0;
        long pages = 0;
        for (int i = 1; i <= rooms.sizeClasses().largestClass(); i++) {
            long used = census.of(i).number;
            if (used > 0) {
                active++;
                pages += slab(used, i, counters, sink);
            }
        }
        sink.tell("active_slabs", active);
        sink.tell("total_malloced", pages * SizeClasses.PAGE_BYTES);
    }

    /** Tells of one class as many pages as its items would need; answers how many those are. */
    private long slab(long used, int number, Counters counters, Sink sink) {
        int perPage = rooms.sizeClasses().chunksPerPage(number);
        long pages = (used + perPage - 1) / perPage;
        String prefix = number + ":";
        sink.tell(prefix + "chunk_size", rooms.sizeClasses().chunkBytes(number));
        sink.tell(prefix + "chunks_per_page", perPage);
        sink.tell(prefix + "total_pages", pages);
        sink.tell(prefix + "total_chunks", pages * perPage);
        sink.tell(prefix + "used_chunks", used);
        sink.tell(prefix + "free_chunks", pages * perPage - used);
        sink.tell(prefix + "free_chunks_end", 0);
        for (Count count : new Count[]{Count.GET_HITS, Count.CMD_SET, Count.DELETE_HITS, Count.INCR_HITS,
                Count.DECR_HITS, Count.CAS_HITS, Count.CAS_BADVAL, Count.TOUCH_HITS}) {
            sink.tell(prefix + count.name().toLowerCase(Locale.ROOT), counters.of(count, number));
        }
        return pages;
    }

    private void sizes(Census census, Sink sink) {
        if (rooms.settings().tracksSizes) {
            census.forEachSize((bytes, number) -> sink.tell(Integer.toString(bytes), number));
        } else {
            sink.tell("sizes_status", "disabled");
        }
    }
}

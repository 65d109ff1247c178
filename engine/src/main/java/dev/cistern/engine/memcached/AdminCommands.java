package dev.cistern.engine.memcached;

import dev.cistern.store.Bytes;
import dev.cistern.store.EntryVisitor;
import dev.cistern.store.Items;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The commands of the text protocol that are not about items by their keys: statistics, flushing, switches, dumps,
 * watching, and the configuration for auto discovery. None of them is hot. One per event loop; its own thread only.
 */
final class AdminCommands {
    private static final int LINE_END_BYTES = 2;
    private static final short LINE_END = (short) ('\r' | '\n' << 8);
    private static final long LEAST_MEGABYTES = 8;
    private static final long MOST_MEGABYTES = 1_000_000_000;
    private static final int MAX_VERBOSITY = 3;
    private static final int MAX_SEGMENT_PERCENT = 80;
    private static final int MICROS = 1_000_000;
    /** Commands of these first letters get no look for a browser's request line. */
    private static final String COMMAND_LETTERS = "gsacidt";

    private final Rooms rooms;
    private final ItemActions actions;
    private final Counters counters;
    private final ItemReply reply;
    private final StatisticsPages pages;
    private final Numbers numbers = new Numbers();
    private final Bytes value = new Bytes();

    AdminCommands(Rooms rooms, ItemActions actions, Counters counters, ItemReply reply, StatisticsPages pages) {
        this.rooms = rooms;
        this.actions = actions;
        this.counters = counters;
        this.reply = reply;
        this.pages = pages;
    }

    long execute(CommandLine line, ItemSession session, long from, long next, long end) {
        if (line.is(0, "config")) {
            return config(line, session, from, next, end);
        }
        long mark = reply.length();
        boolean isQuiet = execute(line, session) && line.is(line.count() - 1, "noreply");
        if (isQuiet) {
            reply.truncate(mark);
        }
        return next;
    }

    /** Says whether noreply counts. */
    private boolean execute(CommandLine line, ItemSession session) {
        switch (line.text(0)) {
            case "stats" -> stats(line, session);
            case "version" -> reply.line("VERSION " + rooms.settings().version);
            case "quit" -> session.closeAfterReply();
            case "shutdown" -> reply.text(Texts.NO_SHUTDOWN);
            case "refresh_certs" -> refreshCertificates();
            case "flush_all" -> {
                return flushAll(line);
            }
            case "verbosity" -> {
                return verbosity(line);
            }
            case "cache_memlimit" -> {
                return memoryLimit(line);
            }
            case "slabs", "lru", "lru_crawler" -> {
                return tuning(line, session);
            }
            case "watch" -> watch(line, session);
            default -> unknown(line, session);
        }
        return false;
    }

    private void refreshCertificates() {
        if (!rooms.settings().isTls) {
            reply.line("Error TLS not enabled");
            return;
        }
        try {
            rooms.encryption().refresh();
            ok();
        } catch (IOException e) {
            reply.line("Error loading the certificates: " + e.getMessage());
        }
    }

    /** A browser's or a prober's request ends the connection. */
    private void unknown(CommandLine line, ItemSession session) {
        boolean mayBeHttp = COMMAND_LETTERS.indexOf((char) line.first(0)) < 0;
        if (mayBeHttp && line.text(line.count() - 1).startsWith("HTTP/")) {
            session.isRefused = true;
            session.closeAfterReply();
        } else {
            reply.text(Texts.ERROR);
        }
    }

    private void error() {
        reply.text(Texts.ERROR);
    }

    private void ok() {
        reply.text(Texts.OK);
    }

    // --- flush_all, verbosity, cache_memlimit ---

    private boolean flushAll(CommandLine line) {
        int words = line.count();
        if (words > 3) {
            error();
            return false;
        }
        counters.add(Count.CMD_FLUSH);
        if (!rooms.settings().mayFlush) {
            reply.text(Texts.NO_FLUSH);
            return true;
        }
        int exptime = 0;
        if (words != (line.is(words - 1, "noreply") ? 2 : 1)) {
            exptime = numbers.signedInt(line.address(1), line.length(1));
            if (!numbers.isValid()) {
                reply.text(Texts.BAD_EXPTIME);
                return true;
            }
        }
        flush(rooms, actions, exptime);
        ok();
        return true;
    }

    /** Flushes now, or at a time to come: what is there in the last second before it goes. */
    static void flush(Rooms rooms, ItemActions actions, long exptime) {
        long second = (actions.deadline(exptime) + 1) / 1000 - 1;
        if (exptime <= 0 || second < actions.nowSeconds()) {
            rooms.flush();
        } else {
            rooms.flushAt(second);
            rooms.flushIfDue(actions.nowSeconds());
        }
    }

    private boolean verbosity(CommandLine line) {
        if (line.count() != 2 && line.count() != 3) {
            error();
            return false;
        }
        int level = numbers.unsignedInt(line.address(1), line.length(1));
        if (numbers.isValid()) {
            rooms.settings().verbosity = level < 0 ? MAX_VERBOSITY : Math.min(level, MAX_VERBOSITY);
            ok();
        } else {
            reply.text(Texts.BAD_FORMAT);
        }
        return true;
    }

    private boolean memoryLimit(CommandLine line) {
        if (line.count() != 2 && line.count() != 3) {
            error();
            return false;
        }
        long megabytes = numbers.unsignedInt(line.address(1), line.length(1)) & 0xFFFF_FFFFL;
        if (!numbers.isValid()) {
            error();
        } else if (megabytes < LEAST_MEGABYTES) {
            reply.line("MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m");
        } else if (megabytes > MOST_MEGABYTES) {
            reply.line("MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes");
        } else {
            rooms.settings().limitBytes = megabytes << 20;
            ok();
        }
        return true;
    }

    // --- slabs, lru, lru_crawler: what tunes the original's memory ---

    private boolean tuning(CommandLine line, ItemSession session) {
        MemcachedSettings settings = rooms.settings();
        String word = line.text(0);
        boolean isKnown = switch (word) {
            case "slabs" -> settings.hasSlabs;
            case "lru" -> settings.hasLru;
            default -> settings.hasCrawler;
        };
        if (!settings.hasAdminCommands || !isKnown) {
            error();
            return false;
        }
        return switch (word) {
            case "slabs" -> slabs(line);
            case "lru" -> lru(line);
            default -> {
                crawler(line, session);
                yield false;
            }
        };
    }

    private boolean slabs(CommandLine line) {
        if (line.count() == 4 && line.is(1, "reassign")) {
            reassign(line);
            return false;
        }
        if (line.count() < 3 || !line.is(1, "automove")) {
            error();
            return false;
        }
        automove(line);
        return true;
    }

    private void reassign(CommandLine line) {
        int from = numbers.signedInt(line.address(2), line.length(2));
        boolean isValid = numbers.isValid();
        int to = numbers.signedInt(line.address(3), line.length(3));
        int last = rooms.sizeClasses().largestClass();
        if (!rooms.settings().slabReassign) {
            reply.line("CLIENT_ERROR slab reassignment disabled");
        } else if (!isValid || !numbers.isValid()) {
            reply.text(Texts.BAD_FORMAT);
        } else if (from == to) {
            reply.line("SAME src and dst class are identical");
        } else if (from < 0 || from > last || to < 0 || to > last) {
            reply.line("BADCLASS invalid src or dst class id");
        } else {
            // Memory goes from one size to another by itself here: no class ever has a page to spare.
            reply.line("NOSPARE source class has no spare pages");
        }
    }

    private void automove(CommandLine line) {
        if (line.is(2, "ratio")) {
            Double ratio = line.count() < 4 ? null : real(line, 3);
            if (ratio == null) {
                error();
                return;
            }
            rooms.settings().slabAutomoveRatio = ratio;
            ok();
            return;
        }
        int level = numbers.unsignedInt(line.address(2), line.length(2));
        if (!numbers.isValid()) {
            reply.text(Texts.BAD_FORMAT);
        } else if (level < 0 || level > 2) {
            error();
        } else {
            rooms.settings().slabAutomove = level;
            ok();
        }
    }

    private static @Nullable Double real(CommandLine line, int index) {
        try {
            return Double.valueOf(line.text(index));
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private boolean lru(CommandLine line) {
        if (line.count() < 2) {
            error();
            return false;
        }
        MemcachedSettings settings = rooms.settings();
        if (line.is(1, "tune") && line.count() >= 6) {
            tune(line);
        } else if (line.is(1, "mode") && line.count() >= 3 && settings.hasMaintainer) {
            boolean segmented = line.is(2, "segmented");
            if (segmented || line.is(2, "flat")) {
                settings.isSegmented = segmented;
                ok();
            } else {
                error();
            }
        } else if (line.is(1, "temp_ttl") && line.count() >= 3 && settings.hasMaintainer) {
            temporaryTtl(line);
        } else {
            error();
        }
        return true;
    }

    private void tune(CommandLine line) {
        int hot = numbers.unsignedInt(line.address(2), line.length(2));
        boolean isValid = numbers.isValid();
        int warm = numbers.unsignedInt(line.address(3), line.length(3));
        isValid &= numbers.isValid();
        Double hotFactor = real(line, 4);
        Double warmFactor = real(line, 5);
        if (!isValid || hotFactor == null || warmFactor == null) {
            error();
        } else if (Integer.compareUnsigned(hot + warm, MAX_SEGMENT_PERCENT) > 0) {
            reply.line("ERROR hot and warm pcts must not exceed 80");
        } else if (hotFactor <= 0 || warmFactor <= 0) {
            reply.line("ERROR hot/warm age factors must be greater than 0");
        } else {
            MemcachedSettings settings = rooms.settings();
            settings.hotPercent = hot;
            settings.warmPercent = warm;
            settings.hotFactor = hotFactor;
            settings.warmFactor = warmFactor;
            ok();
        }
    }

    private void temporaryTtl(CommandLine line) {
        int ttl = numbers.signedInt(line.address(2), line.length(2));
        if (!numbers.isValid()) {
            error();
            return;
        }
        rooms.settings().hasTemporaryLru = ttl >= 0;
        if (ttl >= 0) {
            rooms.settings().temporaryTtl = ttl;
        }
        ok();
    }

    private void crawler(CommandLine line, ItemSession session) {
        if (line.count() == 2) {
            switchCrawler(line);
        } else if (line.is(1, "metadump") && !rooms.settings().hasMetadump) {
            error();
        } else if (line.count() == 3 && (line.is(1, "crawl") || line.is(1, "metadump"))) {
            crawl(line, session);
        } else if (line.count() == 3 && (line.is(1, "tocrawl") || line.is(1, "sleep"))) {
            tuneCrawler(line);
        } else {
            error();
        }
    }

    private void switchCrawler(CommandLine line) {
        MemcachedSettings settings = rooms.settings();
        boolean enable = line.is(1, "enable");
        if (!enable && !line.is(1, "disable")) {
            error();
        } else if (enable && settings.crawls) {
            reply.line("ERROR failed to start lru crawler thread");
        } else {
            settings.crawls = enable;
            ok();
        }
    }

    private void tuneCrawler(CommandLine line) {
        int number = numbers.unsignedInt(line.address(2), line.length(2));
        if (!numbers.isValid()) {
            reply.text(Texts.BAD_FORMAT);
        } else if (line.is(1, "tocrawl")) {
            rooms.settings().crawlerToCrawl = number & 0xFFFF_FFFFL;
            ok();
        } else if (Integer.compareUnsigned(number, MICROS) > 0) {
            reply.line("CLIENT_ERROR sleep must be one second or less");
        } else {
            rooms.settings().crawlerSleepMicros = number;
            ok();
        }
    }

    /** What has expired is looked for all the time, so asking for it needs nothing more. */
    private void crawl(CommandLine line, ItemSession session) {
        boolean isDump = line.is(1, "metadump");
        if (!rooms.settings().crawls) {
            reply.line("CLIENT_ERROR lru crawler disabled");
        } else if (isDump && !rooms.settings().mayDump) {
            reply.line("ERROR metadump not allowed");
        } else if (isDump && reply.length() > 0) {
            reply.line("ERROR cannot pipeline other commands before metadump");
        } else {
            BitSet classes = classes(line.text(2));
            if (classes == null) {
                reply.line("BADCLASS invalid class id");
            } else if (isDump) {
                new ItemWalk(session, dump(classes), () -> reply.text(Texts.END)).start();
            } else {
                ok();
            }
        }
    }

    private static @Nullable BitSet classes(String text) {
        BitSet classes = new BitSet();
        if (text.equals("all") || text.equals("hash")) {
            classes.set(0, SizeClasses.MAX_CLASSES);
            return classes;
        }
        for (String word : text.split(",")) {
            if (!word.matches("[1-9][0-9]?") || Integer.parseInt(word) >= SizeClasses.MAX_CLASSES) {
                return null;
            }
            classes.set(Integer.parseInt(word));
        }
        return classes;
    }

    private EntryVisitor dump(BitSet classes) {
        Bytes key = new Bytes();
        return (keyspace, entry) -> {
            int sizeClass = rooms.sizeClassOf(entry);
            if (!classes.get(sizeClass)) {
                return;
            }
            keyspace.readKey(entry, key);
            long deadline = keyspace.deadlineMillis(entry);
            reply.ascii("key=%s exp=%d la=%d cas=%s fetch=%s cls=%d size=%d\n".formatted(UriText.of(key),
                    deadline == Keyspace.NO_DEADLINE ? -1 : (deadline + 1) / 1000,
                    keyspace.nowMillis() / 1000 - keyspace.idleSeconds(entry),
                    rooms.settings().hasUniqueNumbers ? Long.toUnsignedString(Items.unique(entry)) : "0",
                    Items.is(entry, Items.FETCHED) ? "yes" : "no", sizeClass, rooms.sizeClasses().itemBytes(
                            key.length(), Items.flags(entry), Items.dataLength(entry))));
        };
    }

    // --- watch ---

    private void watch(CommandLine line, ItemSession session) {
        if (!rooms.settings().hasWatch) {
            error();
        } else if (!rooms.settings().mayWatch) {
            reply.line("CLIENT_ERROR watch commands not allowed");
        } else if (reply.length() > 0) {
            reply.line("ERROR cannot pipeline other commands before watch");
        } else {
            int events = line.count() == 1 ? Watchers.FETCHERS : 0;
            for (int i = 1; i < line.count(); i++) {
                int event = event(line.text(i));
                if (event < 0) {
                    error();
                    return;
                }
                events |= event;
            }
            if (rooms.watchers().add(session, events)) {
                session.isWatching = true;
                ok();
            } else {
                reply.line("WATCHER_TOO_MANY log watcher limit reached");
            }
        }
    }

    private static int event(String name) {
        return switch (name) {
            case "fetchers" -> Watchers.FETCHERS;
            case "mutations" -> Watchers.MUTATIONS;
            case "evictions" -> Watchers.EVICTIONS;
            case "connevents" -> Watchers.CONNECTIONS;
            // Known to the original, and never told here: there is nothing of the kind.
            case "sysevents", "rawcmds", "proxyreqs", "proxyevents", "proxyuser" -> 0;
            default -> -1;
        };
    }

    // --- stats ---

    private void stats(CommandLine line, ItemSession session) {
        StatisticsPages.Sink sink = (name, text) -> reply.line("STAT " + name + " " + text);
        if (line.count() == 1) {
            pages.general(sink);
            reply.text(Texts.END);
            return;
        }
        switch (line.text(1)) {
            case "settings" -> {
                pages.settings(sink);
                reply.text(Texts.END);
            }
            case "conns" -> {
                pages.sessions(sink, session);
                reply.text(Texts.END);
            }
            case "reset" -> {
                rooms.resetStatistics();
                counters.reset();
                reply.text(Texts.RESET);
            }
            case "detail" -> detail(line.count() < 3 ? "" : line.text(2));
            case "cachedump" -> cacheDump(line, session);
            case "sizes_enable", "sizes_disable" -> {
                rooms.settings().tracksSizes = line.is(1, "sizes_enable");
                sink.tell("sizes_status", rooms.settings().tracksSizes ? "enabled" : "disabled");
                reply.text(Texts.END);
            }
            default -> censusPage(line.text(1), sink, session);
        }
    }

    private void detail(String what) {
        switch (what) {
            case "on", "off" -> {
                rooms.settings().countsPrefixes = what.equals("on");
                ok();
            }
            case "dump" -> reply.text(rooms.prefixes().dump().getBytes(StandardCharsets.UTF_8));
            default -> reply.line("CLIENT_ERROR usage: stats detail on|off|dump");
        }
    }

    private void censusPage(String name, StatisticsPages.Sink sink, ItemSession session) {
        BiConsumer<Census, StatisticsPages.Sink> page = pages.censusPage(name);
        if (page == null) {
            error();
            return;
        }
        Census census = new Census(rooms.sizeClasses());
        new ItemWalk(session, census, () -> {
            page.accept(census, sink);
            reply.text(Texts.END);
        }).start();
    }

    private void cacheDump(CommandLine line, ItemSession session) {
        if (!rooms.settings().mayDump) {
            reply.line("CLIENT_ERROR stats cachedump not allowed");
            return;
        }
        if (line.count() < 4) {
            reply.text(Texts.BAD_LINE);
            return;
        }
        int wanted = numbers.unsignedInt(line.address(2), line.length(2));
        boolean isValid = numbers.isValid();
        int limit = numbers.unsignedInt(line.address(3), line.length(3));
        if (!isValid || !numbers.isValid()) {
            reply.text(Texts.BAD_FORMAT);
        } else if (Integer.compareUnsigned(wanted, SizeClasses.MAX_CLASSES) >= 0) {
            reply.line("CLIENT_ERROR Illegal slab id");
        } else {
            new ItemWalk(session, cacheDump(wanted, limit), () -> reply.text(Texts.END)).start();
        }
    }

    private EntryVisitor cacheDump(int wanted, int limit) {
        Bytes key = new Bytes();
        int[] shown = new int[1];
        return (keyspace, entry) -> {
            boolean isShown = rooms.sizeClassOf(entry) == wanted && !Items.is(entry, Items.BINARY_KEY)
                    && (limit == 0 || shown[0] < limit);
            if (isShown) {
                shown[0]++;
                long deadline = keyspace.deadlineMillis(entry);
                reply.ascii("ITEM ");
                reply.bytes(keyspace.readKey(entry, key));
                reply.line(" [%d b; %d s]".formatted(Items.dataLength(entry),
                        deadline == Keyspace.NO_DEADLINE ? 0 : (deadline + 1) / 1000));
            }
        };
    }

    // --- config: the list of nodes for auto discovery ---

    private long config(CommandLine line, ItemSession session, long from, long next, long end) {
        MemcachedSettings settings = rooms.settings();
        boolean mayChange = !settings.manager.isThere() || session.isManager;
        if (line.count() == 3 && line.is(1, "manager") && settings.manager.is(line.text(2))) {
            session.isManager = true;
            ok();
        } else if (!settings.hasConfig && !session.isManager) {
            error();
        } else if (line.count() == 3 && line.is(1, "get")) {
            configGet(line.text(2));
        } else if (line.count() == 3 && line.is(1, "delete") && mayChange) {
            reply.text(rooms.cluster().delete(line.text(2)) ? Texts.DELETED : Texts.NOT_FOUND);
        } else if ((line.count() == 5 || line.count() == 6) && line.is(1, "set")) {
            return configSet(line, session, from, next, end, mayChange);
        } else if (line.count() == 4 && line.is(1, "parameter") && session.isManager) {
            changeParameter(line.text(2), line.text(3));
        } else {
            error();
        }
        return next;
    }

    /** What a node takes while it serves: whether clients may watch, and from where they may come. */
    private void changeParameter(String name, String word) {
        if (name.equals("allow_from")) {
            changePeers(word);
        } else if (!name.equals("watch")) {
            reply.text(Texts.NOT_FOUND);
        } else if (word.equals("0") || word.equals("1")) {
            rooms.settings().mayWatch = word.equals("1");
            ok();
        } else {
            reply.text(Texts.BAD_FORMAT);
        }
    }

    private void changePeers(String ranges) {
        try {
            rooms.encryption().admit(ranges);
            ok();
        } catch (IllegalArgumentException e) {
            reply.text(Texts.BAD_FORMAT);
        }
    }

    private void configGet(String name) {
        counters.add(Count.CMD_CONFIG_GET);
        ClusterConfiguration.Value found = rooms.cluster().get(name);
        if (found != null) {
            reply.line("CONFIG %s %d %d".formatted(name, found.flags() & 0xFFFF_FFFFL, found.bytes().length));
            reply.text(found.bytes());
            reply.crlf();
        }
        reply.text(Texts.END);
    }

    private long configSet(CommandLine line, ItemSession session, long from, long next, long end,
            boolean mayChange) {
        int flags = numbers.unsignedInt(line.address(3), line.length(3));
        boolean isValid = numbers.isValid();
        int length = numbers.signedInt(line.address(4), line.length(4));
        if (!isValid || !numbers.isValid() || length < 0 || line.length(2) > TextProtocol.MAX_KEY_BYTES) {
            reply.text(Texts.BAD_FORMAT);
            return next;
        }
        if (!mayChange) {
            session.swallowBytes = (long) length + LINE_END_BYTES;
            error();
            return next;
        }
        if (length > rooms.cluster().largestBytes()) {
            session.swallowBytes = (long) length + LINE_END_BYTES;
            reply.text(Texts.TOO_LARGE);
            return next;
        }
        long after = next + length + LINE_END_BYTES;
        if (after > end) {
            session.awaitedBytes = after - from;
            return from;
        }
        counters.add(Count.CMD_CONFIG_SET);
        if (Memory.getShort(next + length) != LINE_END) {
            reply.text(Texts.BAD_CHUNK);
        } else {
            boolean isStored = rooms.cluster().set(line.text(2), flags, value.set(next, length).toByteArray());
            reply.text(isStored ? Texts.STORED : Texts.NOT_STORED);
        }
        return after;
    }

    /** Nodes from before {@code config get} answer the configuration to a get of its key. */
    void legacyClusterValue(Bytes key, boolean withUnique) {
        if (key.length() != ClusterConfiguration.LEGACY_KEY.length() || rooms.cluster().isEmpty()
                || !key.toString().equals(ClusterConfiguration.LEGACY_KEY)) {
            return;
        }
        ClusterConfiguration.Value found = rooms.cluster().get(ClusterConfiguration.NAME);
        if (found != null) {
            reply.line("VALUE %s %d %d%s".formatted(ClusterConfiguration.LEGACY_KEY, found.flags() & 0xFFFF_FFFFL,
                    found.bytes().length, withUnique ? " 0" : ""));
            reply.text(found.bytes());
            reply.crlf();
        }
    }
}

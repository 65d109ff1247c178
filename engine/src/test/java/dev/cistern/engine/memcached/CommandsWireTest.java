package dev.cistern.engine.memcached;

import dev.cistern.engine.memcached.MemcachedServer.Maker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** incr, decr, delete, flush_all and the commands that are not about items, on us and on the original. */
final class CommandsWireTest {

    private static void play(Maker maker, String script, String... parameters) {
        try (MemcachedServer server = maker.start(parameters); Wire wire = server.connect()) {
            wire.play(script);
        }
    }

    @Both
    void arithmetic(Maker maker) {
        play(maker, """
                > set n 0 0 2
                > 10
                < STORED
                > incr n 1
                < 11
                > decr n 2
                < 9
                > get n
                < VALUE n 0 2
                < 9\s
                < END
                > incr n 5
                < 14
                > decr n 100
                < 0
                > incr n 18446744073709551615
                < 18446744073709551615
                > incr n 1
                < 0
                > get n
                < VALUE n 0 20
                < 0                  \s
                < END
                > incr n 18446744073709551616
                < CLIENT_ERROR invalid numeric delta argument
                > incr n -1
                < CLIENT_ERROR invalid numeric delta argument
                > incr n x
                < CLIENT_ERROR invalid numeric delta argument
                > incr n
                < ERROR
                > incr n 1 2 3
                < ERROR
                > incr n 5 noreply
                > incr n +1
                < 6
                > incr missing 1
                < NOT_FOUND
                > set t 3 0 3
                > abc
                < STORED
                > incr t 1
                < CLIENT_ERROR cannot increment or decrement non-numeric value
                > set t 3 0 0
                >
                < STORED
                > decr t 1
                < CLIENT_ERROR cannot increment or decrement non-numeric value
                > set t 3 0 3
                > -12
                < STORED
                > decr t 1
                < CLIENT_ERROR cannot increment or decrement non-numeric value
                > set t 3 0 4
                >   99
                < STORED
                > incr t 2
                < 101
                > get t
                < VALUE t 3 4
                < 101\s
                < END
                > set t 3 0 1
                > 9
                < STORED
                > incr t 1
                < 10
                > get t
                < VALUE t 3 2
                < 10
                < END
                """);
    }

    @Both
    void deletion(Maker maker) {
        play(maker, """
                > set a 0 0 1
                > x
                < STORED
                > delete a
                < DELETED
                > delete a
                < NOT_FOUND
                > delete a 0
                < NOT_FOUND
                > delete a 1
                < CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]
                > delete a 0 0
                < CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]
                > delete a 1 noreply
                > delete a 0 noreply
                > delete a noreply
                > delete
                < ERROR
                > delete a b c d
                < ERROR
                > delete LONG
                < CLIENT_ERROR bad command line format
                > delete noreply
                < NOT_FOUND
                """.replace("LONG", "k".repeat(251)));
    }

    @Both
    void flushing(Maker maker) throws InterruptedException {
        try (MemcachedServer server = maker.start(); Wire wire = server.connect()) {
            wire.play("""
                    > set a 0 0 1
                    > x
                    < STORED
                    > flush_all
                    < OK
                    > get a
                    < END
                    > set a 0 0 1
                    > x
                    < STORED
                    > get a
                    < VALUE a 0 1
                    < x
                    < END
                    > flush_all 0
                    < OK
                    > flush_all 0 noreply
                    > flush_all noreply
                    > flush_all x
                    < CLIENT_ERROR invalid exptime argument
                    > flush_all 0 0 0
                    < ERROR
                    > flush_all -5
                    < OK
                    > set a 0 0 1
                    > x
                    < STORED
                    > flush_all 3
                    < OK
                    > get a
                    < VALUE a 0 1
                    < x
                    < END
                    """);
            Thread.sleep(4_100);
            wire.play("""
                    > get a
                    < END
                    > set a 0 0 1
                    > y
                    < STORED
                    > get a
                    < VALUE a 0 1
                    < y
                    < END
                    """);
        }
    }

    @Both
    void flushingForbidden(Maker maker) {
        play(maker, """
                > flush_all
                < CLIENT_ERROR flush_all not allowed
                > flush_all noreply
                """, "disable_flush_all", "1");
    }

    @Both
    void administration(Maker maker) {
        play(maker, """
                > verbosity 1
                < OK
                > verbosity 1 noreply
                > verbosity x
                < CLIENT_ERROR bad command line format
                > verbosity
                < ERROR
                > version
                < VERSION *
                > cache_memlimit 4
                < MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m
                > cache_memlimit 100
                < OK
                > cache_memlimit 2000000000
                < MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes
                > cache_memlimit x
                < ERROR
                > cache_memlimit
                < ERROR
                > shutdown
                < ERROR: shutdown not enabled
                > slabs reassign 1 1
                < SAME src and dst class are identical
                > slabs reassign 1 99
                < BADCLASS invalid src or dst class id
                > slabs reassign 1 2
                < NOSPARE source class has no spare pages
                > slabs reassign x 2
                < CLIENT_ERROR bad command line format
                > slabs automove 0
                < OK
                > slabs automove 4
                < ERROR
                > slabs automove x
                < CLIENT_ERROR bad command line format
                > slabs automove ratio 0.7
                < OK
                > slabs automove ratio
                < ERROR
                > slabs
                < ERROR
                > lru tune 10 20 0.1 2
                < OK
                > lru tune 50 50 0.1 2
                < ERROR hot and warm pcts must not exceed 80
                > lru tune 10 20 0 2
                < ERROR hot/warm age factors must be greater than 0
                > lru mode flat
                < OK
                > lru mode segmented
                < OK
                > lru mode other
                < ERROR
                > lru temp_ttl 60
                < OK
                > lru temp_ttl x
                < ERROR
                > lru other
                < ERROR
                > lru
                < ERROR
                > lru_crawler sleep 100
                < OK
                > lru_crawler sleep 2000000
                < CLIENT_ERROR sleep must be one second or less
                > lru_crawler sleep x
                < CLIENT_ERROR bad command line format
                > lru_crawler tocrawl 5
                < OK
                > lru_crawler crawl 99
                < BADCLASS invalid class id
                > lru_crawler enable
                < ERROR failed to start lru crawler thread
                > lru_crawler
                < ERROR
                > lru_crawler other
                < ERROR
                > version
                > watch fetchers
                < VERSION *
                < ERROR cannot pipeline other commands before watch
                > version
                > lru_crawler metadump all
                < VERSION *
                < ERROR cannot pipeline other commands before metadump
                > config get cluster x y
                < ERROR
                > nonsense
                < ERROR
                > x
                < ERROR
                > bget a
                < END
                > mn
                < MN
                > get
                < ERROR
                > gets
                < ERROR
                """);
    }

    @Both
    void statisticsCommands(Maker maker) {
        play(maker, """
                > stats reset
                < RESET
                > stats detail
                < CLIENT_ERROR usage: stats detail on|off|dump
                > stats detail on
                < OK
                > get p:1
                < END
                > set p:2 0 0 1
                > x
                < STORED
                > get p:2 plain
                < VALUE p:2 0 1
                < x
                < END
                > delete p:2
                < DELETED
                > stats detail dump
                < PREFIX p get 2 hit 1 set 1 del 1
                < END
                > stats detail off
                < OK
                > stats cachedump
                < CLIENT_ERROR bad command line
                > stats cachedump 300 1
                < CLIENT_ERROR Illegal slab id
                > stats cachedump x 1
                < CLIENT_ERROR bad command line format
                > stats nonsense
                < ERROR
                > stats sizes
                < STAT sizes_status disabled
                < END
                > set c 0 100 3
                > abc
                < STORED
                > stats items
                """ + ITEMS + """
                < END
                > get c
                < VALUE c 0 3
                < abc
                < END
                > delete c
                < DELETED
                > stats items
                < END
                """);
    }

    /** What is told of the one class that has an item. The original's clock begins a minute before its first tick. */
    private static final String ITEMS = lines("items:1:", "number 1", "number_hot *", "number_warm 0", "number_cold *",
            "age_hot *", "age_warm 0", "age *", "mem_requested *", "evicted 0", "evicted_nonzero 0",
            "evicted_time 0", "outofmemory 0", "tailrepairs 0", "reclaimed 0", "expired_unfetched 0",
            "evicted_unfetched 0", "evicted_active 0", "crawler_reclaimed 0", "crawler_items_checked *",
            "lrutail_reflocked 0", "moves_to_cold *", "moves_to_warm 0", "moves_within_lru 0", "direct_reclaims 0",
            "hits_to_hot *", "hits_to_warm 0", "hits_to_cold *", "hits_to_temp 0");

    private static String lines(String prefix, String... rest) {
        StringBuilder text = new StringBuilder();
        for (String line : rest) {
            text.append("< STAT ").append(prefix).append(line).append('\n');
        }
        return text.toString();
    }

    @Both
    void statisticsNames(Maker maker) {
        try (MemcachedServer server = maker.start(); Wire wire = server.connect()) {
            wire.play("""
                    > set a 0 0 1
                    > x
                    < STORED
                    > get a b
                    < VALUE a 0 1
                    < x
                    < END
                    > incr a 1
                    < CLIENT_ERROR cannot increment or decrement non-numeric value
                    > delete b
                    < NOT_FOUND
                    """);
            wire.send("stats\r\n");
            java.util.Map<String, String> values = new java.util.LinkedHashMap<>();
            for (String line : wire.linesUntil("END")) {
                String[] words = line.split(" ", 3);
                values.put(words[1], words[2]);
            }
            assertThat(values).containsAllEntriesOf(java.util.Map.of("cmd_get", "2", "get_hits", "1", "get_misses", "1",
                    "cmd_set", "1", "delete_misses", "1", "curr_items", "1", "total_items", "1", "incr_hits", "0",
                    "incr_misses", "0", "curr_connections", "1"));
            assertThat(values.keySet()).contains("pid", "uptime", "time", "version", "rusage_user", "rusage_system",
                    "bytes", "evictions", "reclaimed", "limit_maxbytes", "threads", "hash_bytes", "slabs_moved",
                    "expired_unfetched", "evicted_unfetched", "bytes_read", "bytes_written", "cas_badval");
        }
    }

    @Both
    void metadump(Maker maker) {
        try (MemcachedServer server = maker.start(); Wire wire = server.connect()) {
            wire.play("> set a%20 0 0 3\n> abc\n< STORED\n");
            wire.send("lru_crawler metadump all\r\n");
            // The original moves items between its queues while it lists them, so it may name one twice.
            assertThat(wire.linesUntil("END")).isNotEmpty().allMatch(
                    line -> line.matches("key=a%2520 exp=-1 la=\\d+ cas=\\d+ fetch=no cls=1 size=66"));
        }
    }

    @Both
    void watching(Maker maker) {
        try (MemcachedServer server = maker.start();
                Wire watcher = server.connect();
                Wire wire = server.connect()) {
            watcher.send("watch fetchers mutations\r\n");
            assertThat(watcher.line()).isEqualTo("OK");
            wire.play("> set k 5 0 3\n> abc\n< STORED\n> get k\n< VALUE k 5 3\n< abc\n< END\n");
            assertThat(watcher.line()).matches(
                    "ts=\\d+\\.\\d+ gid=\\d+ type=item_get key=k status=not_found clsid=0 cfd=\\d+ size=0");
            assertThat(watcher.line()).matches("ts=\\d+\\.\\d+ gid=\\d+ type=item_store key=k status=stored cmd=set "
                    + "ttl=0 clsid=1 cfd=\\d+ size=3");
            assertThat(watcher.line()).matches(
                    "ts=\\d+\\.\\d+ gid=\\d+ type=item_get key=k status=found clsid=1 cfd=\\d+ size=3");
        }
    }

    @Both
    void endOfConversations(Maker maker) {
        try (MemcachedServer server = maker.start()) {
            for (String text : new String[]{"quit\r\n", "quit now\r\n", "GET / HTTP/1.1\r\n", "POST / HTTP/1.0\r\n",
                    "x".repeat(3000), "set " + "x".repeat(3000), " ".repeat(200) + "get " + "x".repeat(3000)}) {
                try (Wire wire = server.connect()) {
                    wire.send(text);
                    assertThat(wire.isClosed()).as(text).isTrue();
                }
            }
        }
    }

    @Both
    void longGets(Maker maker) {
        try (MemcachedServer server = maker.start(); Wire wire = server.connect()) {
            StringBuilder line = new StringBuilder("get");
            StringBuilder expected = new StringBuilder();
            String data = "d".repeat(5000);
            for (int i = 0; i < 2000; i++) {
                wire.send("set key" + i + " 0 0 5000 noreply\r\n" + data + "\r\n");
                line.append(" key").append(i);
                expected.append("< VALUE key").append(i).append(" 0 5000\n< ").append(data).append('\n');
            }
            wire.play("> " + line + "\n" + expected + "< END\n");
        }
    }

    @Both
    void authentication(Maker maker, @TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("users"), "alice:secret\nbob:hunter2\n");
        file.toFile().setReadable(true, false);
        folder.toFile().setExecutable(true, false);
        folder.toFile().setReadable(true, false);
        play(maker, """
                > get a
                < CLIENT_ERROR unauthenticated
                > set a 0 0 x
                < CLIENT_ERROR unauthenticated
                > set auth 0 0 11
                > alice wrong
                < CLIENT_ERROR authentication failure
                > set auth 0 0 5
                > alice
                < CLIENT_ERROR bad authentication token format
                > set auth 0 0 11
                > bob hunter2
                < STORED
                > set a 0 0 1
                > x
                < STORED
                """, "auth_file", file.toString());
    }
}

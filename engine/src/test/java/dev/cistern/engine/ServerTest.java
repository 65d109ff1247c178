package dev.cistern.engine;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** INFO, CONFIG, MEMORY, SLOWLOG, LATENCY, COMMAND and what else is asked of a server as a whole. */
final class ServerTest {

    private static Map<String, String> info(TestClient client, String... sections) {
        String[] request = new String[sections.length + 1];
        request[0] = "INFO";
        System.arraycopy(sections, 0, request, 1, sections.length);
        Map<String, String> fields = new HashMap<>();
        client.send(request).text().lines().filter(line -> line.contains(":")).forEach(line -> fields
                .put(line.substring(0, line.indexOf(':')), line.substring(line.indexOf(':') + 1)));
        return fields;
    }

    @WireTest
    void infoHasWhatToolsReadOn(TestClient client) {
        client.send("SET", "a", "b", "EX", "1000").expect(ok());
        client.send("GET", "a").expect(bulk("b"));
        client.send("GET", "missing").expect(nil());
        Map<String, String> info = info(client, "everything");
        assertThat(info).containsKeys("redis_version", "os", "arch_bits", "process_id", "run_id", "tcp_port",
                "uptime_in_seconds", "uptime_in_days", "hz", "executable", "config_file", "connected_clients",
                "maxclients", "blocked_clients", "tracking_clients", "cluster_connections", "used_memory",
                "used_memory_human", "used_memory_rss", "used_memory_peak", "used_memory_lua", "used_memory_dataset",
                "used_memory_overhead", "maxmemory", "maxmemory_policy", "mem_fragmentation_ratio", "mem_allocator",
                "loading", "rdb_changes_since_last_save", "rdb_bgsave_in_progress", "rdb_last_bgsave_status",
                "aof_enabled", "total_connections_received", "total_commands_processed", "instantaneous_ops_per_sec",
                "total_net_input_bytes", "total_net_output_bytes", "rejected_connections", "sync_full",
                "sync_partial_ok", "sync_partial_err", "expired_keys", "evicted_keys", "keyspace_hits",
                "keyspace_misses", "pubsub_channels", "pubsub_patterns", "latest_fork_usec", "total_error_replies",
                "role", "connected_slaves", "master_replid", "master_replid2", "master_repl_offset",
                "second_repl_offset", "repl_backlog_active", "repl_backlog_size", "used_cpu_sys", "used_cpu_user",
                "cluster_enabled", "db0");
        assertThat(info.get("db0")).startsWith("keys=1,expires=1,avg_ttl=");
        assertThat(info.get("run_id")).matches("[0-9a-f]{40}");
        assertThat(info.get("cmdstat_get")).startsWith("calls=");
        assertThat(info.get("latency_percentiles_usec_get")).matches("p50=[0-9.]+,p99=[0-9.]+,p99.9=[0-9.]+");
    }

    @WireTest
    void infoTellsTheSectionsThatWereAskedFor(TestClient client) {
        assertThat(client.send("INFO", "keyspace", "CPU").text()).startsWith("# CPU\r\n").contains("# Keyspace")
                .doesNotContain("# Server");
        assertThat(client.send("INFO").text()).contains("# Server", "# Errorstats").doesNotContain("# Commandstats");
        assertThat(client.send("INFO", "all").text()).contains("# Commandstats", "# Latencystats");
        assertThat(client.send("INFO", "nonsense").text()).isEmpty();
    }

    @WireTest
    void errorsAreCounted(TestClient client) {
        client.send("CONFIG", "RESETSTAT").expect(ok());
        client.send("SET", "text", "x").expect(ok());
        client.send("INCR", "text");
        client.send("INCR");
        client.send("NOPE");
        Map<String, String> info = info(client, "everything");
        assertThat(info.get("errorstat_ERR")).isEqualTo("count=3");
        assertThat(info.get("total_error_replies")).isEqualTo("3");
        assertThat(info.get("cmdstat_incr")).contains("calls=1,", "rejected_calls=1", "failed_calls=1");
    }

    @WireTest
    void hitsAndMissesAreCounted(TestClient client) {
        long hits = Long.parseLong(info(client, "stats").get("keyspace_hits"));
        client.send("SET", "a", "b").expect(ok());
        client.send("GET", "a");
        client.send("GET", "a");
        assertThat(Long.parseLong(info(client, "stats").get("keyspace_hits"))).isEqualTo(hits + 2);
    }

    @WireTest
    void configGet(TestClient client) {
        client.send("CONFIG", "GET", "maxmemory").expect(array("maxmemory", "0"));
        assertThat(client.send("CONFIG", "GET", "MaxMemory").texts().getLast()).isEqualTo("0");
        client.send("CONFIG", "GET", "nothing").expect(array());
        client.send("CONFIG", "GET", "save").expect(array("save", ""));
        client.send("CONFIG", "GET", "appendonly").expect(array("appendonly", "no"));
        assertThat(client.send("CONFIG", "GET", "max*", "*-bulk-*").texts()).contains("maxmemory", "maxclients",
                "proto-max-bulk-len");
        client.send("CONFIG", "GET", "client-output-buffer-limit").expect(array("client-output-buffer-limit",
                "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"));
    }

    @WireTest
    void configSetIsAllOrNothing(TestClient client) {
        client.send("CONFIG", "SET", "timeout", "100", "tcp-keepalive", "60").expect(ok());
        client.send("CONFIG", "GET", "timeout").expect(array("timeout", "100"));
        client.send("CONFIG", "SET", "timeout", "200", "maxmemory", "foo").expect(error("ERR CONFIG SET failed "
                + "(possibly related to argument 'maxmemory') - argument must be a memory value"));
        client.send("CONFIG", "GET", "timeout").expect(array("timeout", "100"));
        client.send("CONFIG", "SET", "timeout", "0", "tcp-keepalive", "300").expect(ok());
    }

    @WireTest
    void configSetRefuses(TestClient client) {
        refuse(client, "maxclients", "x", "argument couldn't be parsed into an integer");
        refuse(client, "maxclients", "0", "argument must be between 1 and 4294967295 inclusive");
        refuse(client, "latency-tracking", "maybe", "argument must be 'yes' or 'no'");
        refuse(client, "tcp-backlog", "1", "can't set immutable config");
        client.send("CONFIG", "SET", "timeout", "1", "foo", "2").expect(
                error("ERR Unknown option or number of arguments for CONFIG SET - 'foo'"));
        client.send("CONFIG", "SET", "maxmemory", "1", "maxmemory", "2").expect(error("ERR CONFIG SET failed "
                + "(possibly related to argument 'maxmemory') - duplicate parameter"));
        client.send("CONFIG", "SET", "a").expect(error("ERR wrong number of arguments for 'config|set' command"));
        client.send("CONFIG", "REWRITE").expect(error("ERR The server is running without a config file"));
    }

    private static void refuse(TestClient client, String name, String value, String reason) {
        client.send("CONFIG", "SET", name, value).expect(
                error("ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + reason));
    }

    @WireTest
    void memorySizesHaveUnits(TestClient client) {
        client.send("CONFIG", "SET", "maxmemory", "100mb").expect(ok());
        client.send("CONFIG", "GET", "maxmemory").expect(array("maxmemory", "104857600"));
        client.send("CONFIG", "SET", "maxmemory", "1G").expect(ok());
        client.send("CONFIG", "GET", "maxmemory").expect(array("maxmemory", "1000000000"));
        client.send("CONFIG", "SET", "maxmemory", "0").expect(ok());
        client.send("CONFIG", "SET", "client-output-buffer-limit", "normal 1mb 0 0").expect(ok());
        client.send("CONFIG", "GET", "client-output-buffer-limit").expect(array("client-output-buffer-limit",
                "normal 1048576 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"));
        client.send("CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0").expect(ok());
    }

    @WireTest
    void fullMemoryRefusesWritesAlone(TestClient client) {
        client.send("SET", "a", "b").expect(ok());
        client.send("CONFIG", "SET", "maxmemory", "1").expect(ok());
        client.send("SET", "b", "c").expect(
                error("OOM command not allowed when used memory > 'maxmemory'."));
        client.send("GET", "a").expect(bulk("b"));
        client.send("DEL", "a").expect(integer(1));
        client.send("CONFIG", "SET", "maxmemory", "0").expect(ok());
        client.send("SET", "b", "c").expect(ok());
    }

    @WireTest(settings = {"maxmemory", "20mb"})
    void memoryStaysWithinItsLimit(TestServer server, TestClient client) {
        String value = "x".repeat(100_000);
        int stored = 0;
        while (client.send("SET", "key" + stored, value).equals(ok())) {
            stored++;
            assertThat(stored).isLessThan(220);
        }
        assertThat(stored).isGreaterThan(150);
        assertThat(Long.parseLong(info(client, "memory").get("used_memory"))).isLessThan(22_000_000);
        assertThat(client.send("FLUSHALL")).isEqualTo(ok());
        client.send("SET", "again", value).expect(ok());
    }

    @WireTest
    void slowLogHasEveryCommandWhenItIsAskedTo(TestClient client) {
        client.send("CLIENT", "SETNAME", "slow").expect(ok());
        client.send("CONFIG", "SET", "slowlog-log-slower-than", "0").expect(ok());
        client.send("SLOWLOG", "RESET").expect(ok());
        client.send("SET", "key", "v".repeat(200)).expect(ok());
        String[] many = new String[41];
        java.util.Arrays.fill(many, "k");
        many[0] = "DEL";
        client.send(many);
        client.send("CONFIG", "SET", "slowlog-log-slower-than", "10000").expect(ok());
        List<WireReply> entries = client.send("SLOWLOG", "GET", "-1").members();
        List<List<String>> logged = entries.stream().map(entry -> entry.members().get(3).texts()).toList();
        assertThat(logged).contains(List.of("SET", "key", "v".repeat(128) + "... (72 more bytes)"));
        assertThat(logged).anySatisfy(arguments -> {
            assertThat(arguments).hasSize(32).startsWith("DEL", "k").endsWith("... (10 more arguments)");
        });
        List<WireReply> entry = entries.getFirst().members();
        assertThat(entry).hasSize(6);
        assertThat(entry.get(4).text()).startsWith("127.0.0.1:");
        assertThat(entry.get(5).text()).isEqualTo("slow");
        assertThat(client.send("SLOWLOG", "GET", "1").members()).hasSize(1);
        client.send("SLOWLOG", "RESET").expect(ok());
        client.send("SLOWLOG", "LEN").expect(integer(0));
        client.send("SLOWLOG", "GET", "-2").expect(error("ERR count should be greater than or equal to -1"));
    }

    @WireTest
    void slowCommandsAreLogged(TestClient client) {
        client.send("SLOWLOG", "RESET").expect(ok());
        client.raw("PING\r\nDEBUG SLEEP 0.02\r\nPING\r\n");
        client.read().expect(status("PONG"));
        client.read().expect(ok());
        client.read().expect(status("PONG"));
        List<WireReply> entries = client.send("SLOWLOG", "GET").members();
        assertThat(entries).anySatisfy(entry -> {
            assertThat(entry.members().get(3).texts()).containsExactly("DEBUG", "SLEEP", "0.02");
            assertThat(entry.members().get(2).number()).isGreaterThanOrEqualTo(20_000);
        });
    }

    @WireTest
    void spikesAreSampled(TestClient client) {
        client.send("LATENCY", "RESET");
        client.send("CONFIG", "SET", "latency-monitor-threshold", "10").expect(ok());
        client.send("DEBUG", "SLEEP", "0.02").expect(ok());
        client.send("CONFIG", "SET", "latency-monitor-threshold", "0").expect(ok());
        List<WireReply> events = client.send("LATENCY", "LATEST").members();
        assertThat(events).hasSize(1);
        assertThat(events.getFirst().members().getFirst()).isEqualTo(bulk("command"));
        assertThat(client.send("LATENCY", "HISTORY", "command").members()).hasSize(1);
        assertThat(client.send("LATENCY", "GRAPH", "command").text()).startsWith("command - high ");
        client.send("LATENCY", "GRAPH", "nothing").expect(
                error("ERR No samples available for event 'nothing'"));
        client.send("LATENCY", "RESET", "command", "nothing").expect(integer(1));
        client.send("LATENCY", "HISTORY", "command").expect(array());
    }

    @WireTest
    void histogramsCountCalls(TestClient client) {
        client.send("CONFIG", "RESETSTAT").expect(ok());
        for (int i = 0; i < 100; i++) {
            client.send("SET", "a", "b").expect(ok());
        }
        List<WireReply> set = client.send("LATENCY", "HISTOGRAM", "set").members();
        assertThat(set.getFirst()).isEqualTo(bulk("set"));
        assertThat(set.get(1).members().get(1)).isEqualTo(integer(100));
        List<WireReply> steps = set.get(1).members().get(3).members();
        assertThat(steps.getLast()).isEqualTo(integer(100));
        client.send("LATENCY", "HISTOGRAM", "nothing").expect(array());
    }

    @WireTest
    void memoryCommands(TestClient client) {
        client.send("SET", "a", "b".repeat(1000)).expect(ok());
        assertThat(client.send("MEMORY", "USAGE", "a").number()).isBetween(1000L, 1400L);
        client.send("MEMORY", "USAGE", "a", "SAMPLES", "0").number();
        client.send("MEMORY", "USAGE", "nothing").expect(nil());
        client.send("MEMORY", "USAGE", "a", "FOO", "0").expect(error("ERR syntax error"));
        client.send("MEMORY", "PURGE").expect(ok());
        assertThat(client.send("MEMORY", "DOCTOR").text()).isNotEmpty();
        assertThat(client.send("MEMORY", "STATS").members()).contains(bulk("peak.allocated"),
                bulk("total.allocated"), bulk("keys.count"), bulk("dataset.bytes"), bulk("db.0"));
        client.send("MEMORY", "FOO").expect(error("ERR unknown subcommand 'FOO'. Try MEMORY HELP."));
    }

    @WireTest
    void keysOfACommand(TestClient client) {
        client.send("COMMAND", "GETKEYS", "MSET", "a", "1", "b", "2").expect(array("a", "b"));
        client.send("COMMAND", "GETKEYS", "GET", "a", "b").expect(
                error("ERR Invalid number of arguments specified for command"));
        client.send("COMMAND", "GETKEYS", "NOPE", "a", "b").expect(error("ERR Invalid command specified"));
        client.send("COMMAND", "GETKEYS", "ECHO", "a", "b").expect(error("ERR The command has no key arguments"));
        client.send("COMMAND", "GETKEYSANDFLAGS", "RENAME", "a", "b").expect(array(
                array("a", array(status("RW"), status("access"), status("delete"))),
                array("b", array(status("OW"), status("update")))));
    }

    @WireTest
    void listsOfCommands(TestClient client) {
        assertThat(client.send("COMMAND", "LIST").texts()).contains("get", "set", "client");
        assertThat(client.send("COMMAND", "LIST", "FILTERBY", "PATTERN", "*expire*").texts()).contains("expire",
                "pexpireat").doesNotContain("get");
        assertThat(client.send("COMMAND", "LIST", "FILTERBY", "ACLCAT", "string").texts()).contains("get", "lcs")
                .doesNotContain("del");
        client.send("COMMAND", "LIST", "FILTERBY", "MODULE", "m").expect(array());
        client.send("COMMAND", "LIST", "FILTERBY", "FOO", "m").expect(error("ERR syntax error"));
        client.send("COMMAND", "INFO", "nothing").expect(array(nil()));
        client.send("COMMAND", "FOO").expect(error("ERR unknown subcommand 'FOO'. Try COMMAND HELP."));
        assertThat(client.send("COMMAND", "COUNT").number()).isPositive();
    }

    @WireTest
    void helpEndsWithItself(TestClient client) {
        for (String container : new String[]{"CLIENT", "CONFIG", "COMMAND", "MEMORY", "SLOWLOG", "LATENCY", "DEBUG"}) {
            List<String> lines = client.send(container, "HELP").texts();
            assertThat(lines.getFirst()).isEqualTo(
                    container + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
            assertThat(lines.subList(lines.size() - 2, lines.size())).containsExactly("HELP",
                    "    Prints this help.");
        }
    }

    @WireTest
    void timeRoleAndPicture(TestClient client) {
        List<String> time = client.send("TIME").texts();
        assertThat(Math.abs(Long.parseLong(time.getFirst()) - System.currentTimeMillis() / 1000)).isLessThan(5);
        assertThat(Long.parseLong(time.get(1))).isBetween(0L, 999_999L);
        client.send("ROLE").expect(array("master", 0, array()));
        assertThat(client.send("LOLWUT").text()).contains("ver. ");
        client.send("SHUTDOWN", "FOO").expect(error("ERR syntax error"));
        client.send("SHUTDOWN", "ABORT").expect(error("ERR No shutdown in progress."));
    }

    @WireTest(settings = {"enable-debug-command", "no"})
    void debugMustBeAllowed(TestClient client) {
        client.send("DEBUG", "SLEEP", "0").expect(error("ERR DEBUG command not allowed. If the enable-debug-command "
                + "option is set to \"local\", you can run it from a local connection, otherwise you need to set this "
                + "option in the configuration file, and then restart the server."));
    }

    @WireTest
    void debugOfValues(TestClient client) {
        client.send("SET", "n", "12").expect(ok());
        assertThat(client.send("DEBUG", "OBJECT", "n").text()).contains("encoding:int");
        client.send("DEBUG", "OBJECT", "nothing").expect(error("ERR no such key"));
        client.send("DEBUG", "NOPE").expect(
                error("ERR unknown subcommand or wrong number of arguments for 'NOPE'. Try DEBUG HELP."));
        client.send("DEBUG", "ERROR", "MINE it is").expect(error("MINE it is"));
    }
}

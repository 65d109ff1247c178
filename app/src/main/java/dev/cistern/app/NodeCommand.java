package dev.cistern.app;

import dev.cistern.control.node.EngineType;
import dev.cistern.engine.CacheNode;
import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.memcached.MemcachedNode;
import dev.cistern.engine.memcached.MemcachedOptions;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.Transport;
import dev.cistern.engine.settings.MemorySize;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Runs one cache node with nothing around it, as redis-server or memcached would be run. Turns options into settings; what a setting
 * may be is decided by the engine.
 */
// @formatter:off
@Command(name = "node",
        description = "Runs a single cache node without a control plane, until Ctrl-C.",
        footer = {"",
                "A password is read from a file or from the environment (CISTERN_REQUIREPASS), never from the",
                "command line, where every user of the machine could see it.",
                "",
                "Examples:",
                "  cistern node",
                "  cistern node --port 7000 --maxmemory 512mb --maxmemory-policy allkeys-lru",
                "  cistern node --bind 0.0.0.0 --allow-remote --requirepass-file /run/secrets/cache",
                "  cistern node --set timeout=300 --set maxclients=20000",
                "  cistern node --port 7000 --cluster --dir /var/lib/cistern/7000",
                "  cistern node --port 0 --tls-port 6379 --tls-cert-file node.crt --tls-key-file node.key",
                "  cistern node --dir /var/lib/cistern/7000 --at-rest-key-file /etc/cistern/keys",
                "  cistern node --engine memcached",
                "  cistern node --engine memcached --port 11300 -m 1024 -I 4m -c 20000",
                "  cistern node --engine memcached --set idle_timeout=300"})
// @formatter:on
final class NodeCommand implements Callable<Integer> {

    private static final int DEFAULT_PORT = 6379;
    private static final int DEFAULT_MEMCACHED_PORT = 11211;
    private static final String PASSWORD_VARIABLE = "CISTERN_REQUIREPASS";

    @Spec
    private CommandSpec spec;

    @Mixin
    private ListenAddress address;

    @Mixin
    private LogOption log;

    @Mixin
    private MemcachedArguments memcached;

    @Mixin
    private TlsArguments tls;

    @Mixin
    private KeystoreOption keystore;

    @Option(names = "--engine", paramLabel = "NAME", defaultValue = "valkey", description = "valkey, redis or memcached (default ${DEFAULT-VALUE}).")
    private String engine;

    @Option(names = "--port", paramLabel = "PORT", description = "The port to listen on, 0 for any free one (default 6379; 11211 with memcached).")
    private @Nullable Integer wantedPort;

    @Option(names = "--maxmemory", paramLabel = "SIZE", description = "Most memory for data, as 512mb or 2gb (default: no limit).")
    private @Nullable String maxMemory;

    @Option(names = "--maxmemory-policy", paramLabel = "POLICY", description = "What happens when that is full, in redis.conf's words (default noeviction).")
    private @Nullable String maxMemoryPolicy;

    @Option(names = "--databases", paramLabel = "N", description = "Databases for SELECT (default 16).")
    private @Nullable Integer databases;

    @Option(names = "--dir", paramLabel = "DIRECTORY", description = "Where snapshots are kept: loads dump.rdb from there, saves to it (default: nothing is kept).")
    private @Nullable Path directory;

    @Option(names = "--save", paramLabel = "\"SECONDS CHANGES...\"", description = "Saves by itself when at least so many changes are so old, and at the end: --save \"60 1\".")
    private @Nullable String save;

    @Option(names = "--at-rest-key-id", paramLabel = "KEY", description = "The key of that keystore that encrypts, by id or ARN (default its first); none to read encrypted files and write plain ones.")
    private @Nullable String atRestKeyId;

    @Option(names = "--cluster", description = "Runs it as a node of a cluster, without slots at first: CLUSTER ADDSLOTSRANGE 0 16383 makes it one by itself, CISTERN SET-TOPOLOGY one of several.")
    private boolean cluster;

    @Option(names = "--requirepass-file", paramLabel = "FILE", description = "File whose first line is the password that clients must give.")
    private @Nullable Path passwordFile;

    @Option(names = "--no-auth", description = "Lets everybody in who reaches ADDRESS, without a password.")
    private boolean noAuth;

    @Option(names = "--io-threads", paramLabel = "N", description = "Event loops (default: one for each CPU but one).")
    private @Nullable Integer ioThreads;

    @Option(names = "--transport", paramLabel = "NAME", defaultValue = "auto", description = "How sockets are waited for: auto, epoll, io-uring, nio (default ${DEFAULT-VALUE}).")
    private String transport;

    @Option(names = "--set", paramLabel = "NAME=VALUE", description = "Any other setting, in redis.conf's words, or a parameter of ElastiCache with memcached. May be repeated.")
    private Map<String, String> settings = new LinkedHashMap<>();

    @Option(names = "--spec", paramLabel = "FILE", hidden = true, description = "The node that a control plane wants, as it wrote it; all other options are then without effect.")
    private @Nullable Path specFile;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    NodeCommand() {}

    @Override
    public Integer call() throws InterruptedException {
        log.start();
        if (specFile != null) {
            return SpecifiedNode.run(specFile);
        }
        EngineType type = EngineType.of(engine)
                .orElseThrow(() -> wrong("--engine " + engine + ": there are valkey, redis and memcached"));
        if (type == EngineType.MEMCACHED) {
            return runMemcached();
        }
        if (memcached.isAnyGiven()) {
            throw wrong("the options of memcached need --engine memcached");
        }
        NodeOptions options = options();
        try (EventLoops eventLoops = EventLoops.start(transport(), loopCount())) {
            CacheNode node = start(options, eventLoops);
            Lifetime lifetime = new Lifetime(node::close);
            node.onShutdown(lifetime::end);
            announce(node.port(), "  redis-cli -p " + node.port() + " set greeting hello");
            return lifetime.awaitEnd();
        }
    }

    private int port() {
        return wantedPort == null ? DEFAULT_PORT : wantedPort;
    }

    private int runMemcached() throws InterruptedException {
        String bind = address.checked(noAuth || memcached.hasPasswords(),
                "everybody who reaches the port could read and write. Give passwords: --auth-file FILE; or, where the"
                        + " network itself keeps others out: --no-auth");
        int port = wantedPort == null ? DEFAULT_MEMCACHED_PORT : wantedPort;
        tls.putInto(settings, EngineType.MEMCACHED);
        MemcachedOptions options = memcached.options(port, bind, settings);
        try (EventLoops eventLoops = EventLoops.start(transport(), loopCount())) {
            MemcachedNode node = startMemcached(options, eventLoops, port);
            Lifetime lifetime = new Lifetime(node::close);
            announce(node.port(), "  printf 'version\\r\\nquit\\r\\n' | nc 127.0.0.1 " + node.port());
            return lifetime.awaitEnd();
        }
    }

    private MemcachedNode startMemcached(MemcachedOptions options, EventLoops eventLoops, int port) {
        try {
            return MemcachedNode.start(options, eventLoops);
        } catch (IllegalArgumentException e) {
            throw wrong(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw portTaken(e, port);
        }
    }

    private NodeOptions options() {
        int port = port();
        String password = password();
        settings.put("port", Integer.toString(port));
        settings.put("bind", address.checked(noAuth || password != null || settings.containsKey("requirepass"),
                "everybody who reaches the port could read and write. Give a password: --requirepass-file FILE; or,"
                        + " where the network itself keeps others out: --no-auth"));
        if (noAuth) {
            settings.putIfAbsent("protected-mode", "no");
        }
        putIfGiven("maxmemory", maxMemory);
        putIfGiven("maxmemory-policy", maxMemoryPolicy);
        putIfGiven("cluster-enabled", cluster ? "yes" : null);
        putIfGiven("databases", databases);
        putIfGiven("requirepass", password);
        putIfGiven("dir", directory == null ? null : directory.toAbsolutePath());
        putIfGiven("save", save);
        keystore.putInto(settings);
        putIfGiven("at-rest-key-id", atRestKeyId);
        tls.putInto(settings, EngineType.VALKEY);
        checkMemory();
        NodeOptions options = NodeOptions.onPort("node", port);
        for (Map.Entry<String, String> setting : settings.entrySet()) {
            options = options.with(setting.getKey(), setting.getValue());
        }
        return options;
    }

    private void putIfGiven(String name, @Nullable Object value) {
        if (value != null) {
            settings.put(name, value.toString());
        }
    }

    private void checkMemory() {
        try {
            MemorySize.parse(settings.getOrDefault("maxmemory", "0"));
        } catch (ArithmeticException | NumberFormatException e) {
            throw wrong(
                    "--maxmemory " + settings.get("maxmemory") + " is no amount of memory; write it as 512mb or 2gb");
        }
    }

    private @Nullable String password() {
        if (passwordFile == null) {
            String variable = System.getenv(PASSWORD_VARIABLE);
            return variable == null || variable.isEmpty() ? null : variable;
        }
        try {
            String firstLine = Files.readString(passwordFile).lines().findFirst().orElse("").strip();
            if (firstLine.isEmpty()) {
                throw new EnvironmentException("the password file " + passwordFile + " is empty",
                        "Write the password into its first line");
            }
            return firstLine;
        } catch (IOException e) {
            throw new EnvironmentException("cannot read the password file " + passwordFile,
                    "Check its name and permissions (" + e.getClass().getSimpleName() + ")");
        }
    }

    private Transport transport() {
        try {
            Transport wanted = Transport.named(transport);
            if (!wanted.isAvailable()) {
                throw new EnvironmentException("this machine does not offer " + transport, "Leave --transport out");
            }
            return wanted;
        } catch (IllegalArgumentException e) {
            throw wrong("--transport " + transport + ": there are auto, epoll, io-uring and nio");
        }
    }

    private int loopCount() {
        int count = ioThreads == null ? EventLoops.usualCount() : ioThreads;
        if (count < 1) {
            throw wrong("--io-threads must be at least 1");
        }
        return count;
    }

    private CacheNode start(NodeOptions options, EventLoops eventLoops) {
        try {
            return CacheNode.start(options, eventLoops);
        } catch (IllegalArgumentException e) {
            throw wrong(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw portTaken(e, port());
        }
    }

    private static EnvironmentException portTaken(IOException e, int port) {
        return new EnvironmentException(String.valueOf(e.getMessage()),
                "Choose another port: --port " + (port + 1) + "\nor see who has it: ss -ltnp 'sport = :" + port + "'");
    }

    private void announce(int realPort, String example) {
        PrintWriter out = spec.commandLine().getOut();
        out.println("Node ready on port " + realPort + ". Ctrl-C ends it. Try:");
        out.println(example);
        out.flush();
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}

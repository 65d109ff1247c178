package dev.cistern.app;

import dev.cistern.control.Caller;
import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.control.EndpointOptions;
import dev.cistern.control.MigrationSources;
import dev.cistern.control.Quotas;
import dev.cistern.control.StateDirectoryException;
import dev.cistern.gateway.GatewayOptions;
import dev.cistern.gateway.dns.DnsServer;
import dev.cistern.gateway.http.ListenException;
import dev.cistern.gateway.sign.AccessKey;
import dev.cistern.gateway.sign.KeyFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Starts the whole of Cistern in the foreground and says how to talk to it. */
// @formatter:off
@Command(name = "up",
        description = "Starts the control plane and its AWS endpoint, and every node that ran before. Ends with Ctrl-C.",
        footer = {"",
                "What you create is kept in the state folder; the next `up` starts it again at the same endpoints.",
                "",
                "Examples:",
                "  cistern up",
                "  cistern up --port 9000 --state-dir ./cache-state",
                "  cistern up --runtime process",
                "  cistern up --snapshots s3://backups/caches --s3-endpoint http://127.0.0.1:9000",
                "  cistern up --auth",
                "  cistern up --bind 0.0.0.0 --allow-remote --advertise cache.example.com"})
// @formatter:on
final class UpCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private ListenAddress address;

    @Mixin
    private AccessOptions access;

    @Mixin
    private StorageArguments storage;

    @Mixin
    private SourceArguments sources;

    @Mixin
    private QuotaArguments quotas;

    @Mixin
    private LogOption log;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = ""
            + GatewayOptions.DEFAULT_PORT, description = "The port of the AWS endpoint, 0 for any free one (default ${DEFAULT-VALUE}).")
    private int port;

    @Option(names = "--state-dir", paramLabel = "DIR", description = "Folder of all state (default $CISTERN_HOME, else ~/.cistern).")
    private @Nullable Path stateDirectory;

    @Option(names = "--region", paramLabel = "REGION", defaultValue = Caller.DEFAULT_REGION, description = "Region of calls that name none (default ${DEFAULT-VALUE}).")
    private String region;

    @Option(names = "--account", paramLabel = "ID", defaultValue = Caller.DEFAULT_ACCOUNT, description = "Account of calls whose credentials name none (default ${DEFAULT-VALUE}).")
    private String account;

    @Option(names = "--advertise", paramLabel = "HOST", description = "The name or address of nodes in answers (default: the one of --bind).")
    private @Nullable String advertised;

    @Option(names = "--domain", paramLabel = "NAME", defaultValue = "", description = "Name endpoints as AWS does, such as shop.a1b2c3.ng.0001.use1.cache.NAME; --dns or another DNS "
            + "must lead every such name to its address (default: endpoints have that address).")
    private String domain;

    @Option(names = "--zone", paramLabel = "ZONE=ADDRESS", description = "Where Redis and Valkey nodes of an availability zone listen, such as us-east-1a=127.0.1.1; may be given again (default: where --bind says).")
    private Map<String, String> zones = new TreeMap<>();

    @Mixin
    private NameArguments names;

    @Option(names = "--node-ports", paramLabel = "FROM-TO", defaultValue = "6379-7378", description = "Ports for nodes whose creator names none (default ${DEFAULT-VALUE}).")
    private String nodePorts;

    @Option(names = "--runtime", paramLabel = "NAME", defaultValue = "jvm", description = "What runs nodes: jvm, all in this process; process, each in one of its own, which goes on "
            + "when this one ends; original, by the redis-server, valkey-server and memcached of this machine (default ${DEFAULT-VALUE}).")
    private RuntimeChoice runtime;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    UpCommand() {}

    @Override
    public Integer call() throws InterruptedException {
        log.start();
        Quotas limits = quotas.quotas();
        boolean signed = access.isRequired(address.isLoopback());
        String host = address.checked(true, "");
        Path state = stateDirectory != null ? stateDirectory : StateFolder.byDefault(System.getenv());
        GatewayOptions gateway = gatewayOptions(host);
        EndpointOptions endpoints = endpoints(host);
        MigrationSources dataSources = sources.sources(address.isLoopback());
        requireFree(host, state);
        KeyFile keys = signed ? access.keys(state) : null;
        LocalCistern cistern = start(state, endpoints, limits, dataSources,
                keys == null ? gateway : gateway.withKeys(keys));
        RunningNote note = RunningNote.leave(state, cistern.url());
        // Made last: a key that is shown once must not be lost with a start that fails.
        announce(cistern, state, signed, keys == null ? Optional.empty() : access.firstKey(keys));
        DnsServer dns = names.start(cistern.controlPlane(), host, endpoints);
        if (dns != null) {
            dataSources.own(dns.port());
        }
        return new Lifetime(() -> {
            if (dns != null) {
                dns.close();
            }
            note.close();
            cistern.close();
        }).awaitEnd();
    }

    private GatewayOptions gatewayOptions(String host) {
        if (!account.matches("\\d{12}")) {
            throw new ParameterException(spec.commandLine(), "--account " + account + ": an account is 12 digits");
        }
        return GatewayOptions.DEFAULT.withAddress(host, port)
                .withVersion(VersionCommand.ownVersion()).withFallback(new Caller(account, region));
    }

    private EndpointOptions endpoints(String host) {
        if (advertised == null && (host.equals("0.0.0.0") || host.equals("::"))) {
            throw new ParameterException(spec.commandLine(), "--bind " + host
                    + " needs the name by which others reach this machine: --advertise HOST");
        }
        if (!domain.matches("([a-z0-9]([a-z0-9-]*[a-z0-9])?([.](?!$)|$))*")) {
            throw new ParameterException(spec.commandLine(), "--domain " + domain
                    + ": write a domain in lower case, as example.com");
        }
        try {
            String[] ends = nodePorts.split("-", -1);
            return new EndpointOptions(host, advertised == null ? host : advertised, Integer.parseInt(ends[0]),
                    Integer.parseInt(ends[ends.length - 1])).withDomain(names.domain(domain)).withZones(zones);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--node-ports " + nodePorts
                    + ": write two ports as 6379-7378");
        }
    }

    /** Looks before anything is started: bringing nodes up only to take them down again would disturb their clients. */
    private void requireFree(String host, Path state) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(host, port));
        } catch (IOException taken) {
            throw portTaken(state, String.valueOf(taken.getMessage()));
        }
    }

    private EnvironmentException portTaken(Path state, String reason) {
        return RunningNote.read(state)
                .map(running -> new EnvironmentException("Cistern is up already (" + running + ")",
                        "Use that one. For a second one: --port " + (port + 1) + " --state-dir DIR"))
                .orElseGet(() -> new EnvironmentException("port " + port + " cannot be used: " + reason,
                        "Choose another: --port " + (port + 1)
                                + "\nor see who has it: ss -ltnp 'sport = :" + port + "'"));
    }

    private LocalCistern start(Path state, EndpointOptions endpoints, Quotas limits, MigrationSources dataSources,
            GatewayOptions gateway) {
        try {
            return LocalCistern.start(ControlPlaneOptions.of(state, runtime.start()).withEndpoints(endpoints)
                    .withQuotas(limits).withBackups(storage.backups(state, region)).withSources(dataSources), gateway);
        } catch (StateDirectoryException e) {
            String owner = RunningNote.read(state).map(running -> " (" + running + ")").orElse("");
            throw new EnvironmentException(e.getMessage() + owner,
                    "For a second Cistern: --state-dir DIR --port PORT");
        } catch (ListenException e) {
            throw portTaken(state, String.valueOf(e.getMessage()));
        }
    }

    private void announce(LocalCistern cistern, Path state, boolean signed, Optional<AccessKey> firstKey) {
        PrintWriter out = spec.commandLine().getOut();
        out.println("Cistern is up: " + cistern.url() + " (state in " + state + ")");
        out.println();
        firstKey.ifPresent(key -> {
            out.println(
                    "Calls have to be signed. The first access key, shown this once (more: cistern keys create NAME):");
            KeysCommand.show(out, key);
            out.println();
        });
        out.println("Type next, in another terminal:");
        out.println("  export AWS_ENDPOINT_URL_ELASTICACHE=" + cistern.url() + " AWS_DEFAULT_REGION=" + region
                + (!signed ? " AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any" : ""));
        out.println("  aws elasticache create-replication-group --replication-group-id demo"
                + " --replication-group-description demo --engine valkey --cache-node-type cache.t4g.micro");
        out.println();
        if (!address.isLoopback()) {
            out.println("Caches let in this machine alone until a security group says otherwise, such as:");
            out.println("  AWS_ENDPOINT_URL_EC2=" + cistern.url() + " aws ec2 authorize-security-group-ingress"
                    + " --group-name default --protocol tcp --port " + nodePorts + " --cidr 10.0.0.0/8");
            out.println();
        }
        out.println("Clients of caches with TransitEncryptionEnabled trust " + cistern.controlPlane().authorityFile());
        out.println(runtime.outlives()
                ? "Ctrl-C ends the control plane; its nodes go on until `cistern down`."
                : "Ctrl-C ends it; what you created is there again after the next start.");
        out.flush();
    }
}

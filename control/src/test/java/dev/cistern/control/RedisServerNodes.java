package dev.cistern.control;

import dev.cistern.control.certificate.CertificateAuthority;
import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeAdmin;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeState;
import dev.cistern.control.node.NodeTrust;
import dev.cistern.control.node.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Nodes that are {@code redis-server} processes: what the control plane says to a node is said to the original. */
final class RedisServerNodes implements NodeRuntime {

    private static final Path PROGRAM = Path.of("/usr/bin/redis-server");

    private final Map<String, Process> processes = new ConcurrentHashMap<>();

    static boolean areThere() {
        return Files.isExecutable(PROGRAM);
    }

    @Override
    public NodeAddress start(NodeSpec spec) {
        Process process = processes.computeIfAbsent(spec.nodeId(), id -> launch(spec));
        NodeAddress address = new NodeAddress(spec.bindAddress(), spec.port());
        NodeAdmin admin = new NodeAdmin(address, spec.admin(), trust(spec));
        try {
            for (int tries = 0; tries < 200 && process.isAlive(); tries++) {
                if (admin.answers()) {
                    admin.setParameters(withoutTls(spec));
                    return address;
                }
                Thread.sleep(20);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new NodeRuntimeException("redis-server on port " + spec.port() + " does not answer");
    }

    @Override
    public NodeState inspect(NodeSpec spec) {
        Process process = processes.get(spec.nodeId());
        return process != null && process.isAlive() ? NodeState.RUNNING : NodeState.STOPPED;
    }

    @Override
    public void stop(NodeSpec spec) {
        Process process = processes.remove(spec.nodeId());
        if (process != null) {
            end(process);
        }
    }

    @Override
    public void remove(NodeSpec spec) {
        stop(spec);
    }

    @Override
    public void onExit(Consumer<String> listener) {}

    @Override
    public void close() {
        processes.values().forEach(RedisServerNodes::end);
        processes.clear();
    }

    private static boolean isTls(String setting) {
        return setting.startsWith("tls-") || setting.equals("port");
    }

    private static Map<String, String> withoutTls(NodeSpec spec) {
        Map<String, String> settings = new TreeMap<>(spec.parameters());
        settings.keySet().removeIf(RedisServerNodes::isTls);
        return settings;
    }

    /** The installation's own authority, where the node's connections are encrypted. */
    private static @Nullable NodeTrust trust(NodeSpec spec) {
        return spec.parameters().containsKey("tls-port")
                ? new NodeTrust(spec.dataDirectory().resolve("../../certificates/ca.jks"),
                        CertificateAuthority.TRUST_PASSWORD)
                : null;
    }

    private static Process launch(NodeSpec spec) {
        try {
            Files.createDirectories(spec.dataDirectory());
            Path config = spec.dataDirectory().resolve("redis.conf");
            List<String> lines = new ArrayList<>(List.of(
                    "bind " + spec.bindAddress(),
                    "port " + spec.port(),
                    "dir " + spec.dataDirectory(),
                    "save \"\"",
                    "maxmemory " + spec.maxMemoryBytes(),
                    "user " + spec.admin().user() + " on >" + spec.admin().password().reveal() + " ~* &* +@all"));
            if (!spec.open()) {
                lines.add("requirepass " + Secret.generate(new SecureRandom()).reveal());
            }
            // What stands later wins.
            spec.parameters().entrySet().stream().filter(setting -> isTls(setting.getKey()))
                    .forEach(setting -> lines.add(setting.getKey() + " " + setting.getValue()));
            Files.write(config, lines);
            return new ProcessBuilder(PROGRAM.toString(), config.toString())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            throw new NodeRuntimeException("redis-server cannot be started", e);
        }
    }

    private static void end(Process process) {
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}

package dev.cistern.app.process;

import dev.cistern.control.key.KeyVault;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeSpecFile;
import dev.cistern.control.node.Secret;
import dev.cistern.engine.dispatch.CommandView;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * {@code redis-server} or {@code valkey-server} of this machine, told by a configuration file what node it is.
 *
 * <p>Of the parameters it gets those that it knows. It has no user that its clients could not see, and hides no commands from
 * them; what customers may not call is forbidden to each of their users by rule instead.
 */
final class RedisProgram implements Program {

    static final String CONFIGURATION = "node.conf";

    private static final SecureRandom SECRETS = new SecureRandom();
    private static final String BUFFERS = "client-output-buffer-limit";
    private static final int BUFFER_WORDS = 4;

    /** Settings that follow from the spec itself. */
    private static final Set<String> OURS = Set.of("bind", "dir", "dbfilename", "save", "maxmemory", "requirepass",
            "protected-mode", "rename-commands", "daemonize", "pidfile", "logfile");

    /** Commands that the control plane calls: for nobody can they have another name. */
    private static final Set<String> NEEDED = Set.of("acl", "auth", "bgsave", "client", "cluster", "config", "hello",
            "info", "ping", "psync", "replconf", "replicaof", "role", "shutdown", "wait");

    private final String name;
    private @Nullable Path program;
    private @Nullable OriginalKnowledge knowledge;

    /** The program of this name, wherever it lies on the PATH. */
    RedisProgram(String name) {
        this.name = name;
    }

    @Override
    public List<String> prepare(NodeSpec spec) throws IOException {
        if (spec.parameters().containsKey(KeyVault.KEY_SETTING)) {
            throw new NodeRuntimeException("node " + spec.nodeId() + " is to encrypt its data at rest, and " + name
                    + " cannot: run it with --runtime jvm or process");
        }
        Path file = spec.dataDirectory().resolve(CONFIGURATION);
        List<String> lines = configuration(spec);
        try (OutputStream out = NodeSpecFile.privateFile(file)) {
            out.write(String.join("\n", lines).concat("\n").getBytes(StandardCharsets.UTF_8));
        }
        return List.of(program().toString(), file.toString());
    }

    @Override
    public void requireInstalled() {
        var _ = program();
    }

    private List<String> configuration(NodeSpec spec) {
        List<String> lines = new ArrayList<>();
        lines.add("bind " + quoted(Indoors.host(spec)));
        if (!spec.parameters().containsKey("port")) {
            lines.add("port " + spec.port());
        }
        lines.add("dir " + quoted(spec.dataDirectory().toString()));
        lines.add("dbfilename " + NodeSpec.SNAPSHOT_FILE);
        lines.add("save \"\"");
        lines.add("maxmemory " + spec.maxMemoryBytes());
        lines.add("protected-mode no");
        lines.add("daemonize no");
        new TreeMap<>(spec.parameters()).forEach((setting, value) -> addParameter(lines, setting, value));
        addRenamed(lines, spec);
        String everything = everything();
        lines.add("user " + spec.admin().user() + " on >" + spec.admin().password().reveal() + everything);
        lines.add("user default on " + (spec.open() ? "nopass" : ">" + Secret.generate(SECRETS).reveal()) + everything
                + " " + String.join(" ", lastRules(spec)));
        return lines;
    }

    private void addParameter(List<String> lines, String setting, String value) {
        if (OURS.contains(setting) || !knowledge().settings().contains(setting)) {
            return;
        }
        if (!setting.equals(BUFFERS)) {
            lines.add(setting + " " + quoted(value));
            return;
        }
        List<String> words = List.of(value.split(" ", -1));
        for (int i = 0; i + BUFFER_WORDS <= words.size(); i += BUFFER_WORDS) {
            lines.add(BUFFERS + " " + String.join(" ", words.subList(i, i + BUFFER_WORDS)));
        }
    }

    private void addRenamed(List<String> lines, NodeSpec spec) {
        view(spec).renamed().forEach((command, other) -> {
            if (knowledge().commands().contains(command) && !NEEDED.contains(command)) {
                lines.add("rename-command " + quoted(command) + " " + quoted(other));
            }
        });
    }

    private String everything() {
        return knowledge().settings().contains("acl-pubsub-default") ? " ~* &* +@all" : " ~* +@all";
    }

    /** A version without rules for subcommands has their whole command taken away. */
    @Override
    public List<String> lastRules(NodeSpec spec) {
        Set<String> rules = new TreeSet<>();
        for (String hidden : view(spec).hidden()) {
            Set<String> known = knowledge().commands();
            String whole = hidden.contains("|") ? hidden.substring(0, hidden.indexOf('|')) : hidden;
            if (known.contains(hidden)) {
                rules.add("-" + hidden);
            } else if (known.contains(whole) && known.stream().noneMatch(command -> command.contains("|"))) {
                rules.add("-" + whole);
            }
        }
        return List.copyOf(rules);
    }

    private static CommandView view(NodeSpec spec) {
        return CommandView.ELASTICACHE.renaming(spec.parameters().getOrDefault("rename-commands", ""));
    }

    private synchronized Path program() {
        Path known = program;
        if (known == null) {
            known = Originals.find(name)
                    .orElseThrow(() -> new NodeRuntimeException(name + " is not installed on this machine"));
            program = known;
        }
        return known;
    }

    private synchronized OriginalKnowledge knowledge() {
        OriginalKnowledge known = knowledge;
        if (known == null) {
            known = OriginalKnowledge.of(program());
            knowledge = known;
        }
        return known;
    }

    /** As the file's reader unquotes it. */
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (b == '"' || b == '\\') {
                quoted.append('\\').append((char) b);
            } else if (b >= ' ' && b < 127) {
                quoted.append((char) b);
            } else {
                quoted.append("\\x%02x".formatted(b & 0xff).toLowerCase(Locale.ROOT));
            }
        }
        return quoted.append('"').toString();
    }
}

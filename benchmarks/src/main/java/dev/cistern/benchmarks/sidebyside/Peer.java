package dev.cistern.benchmarks.sidebyside;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A server that takes part: its name in the tables, what it speaks, and how it is started on a port of 127.0.0.1.
 * None persists anything, because none of the others would then be comparable.
 */
record Peer(String name, Protocol protocol, Function<Integer, List<String>> commandLine,
        @Nullable Encryption encryption) {

    Peer(String name, Protocol protocol, Function<Integer, List<String>> commandLine) {
        this(name, protocol, commandLine, null);
    }

    /** The same server with encrypted connections alone. */
    Peer encrypted(Encryption by) {
        return new Peer(name, protocol, port -> by.server(commandLine.apply(port)), by);
    }

    enum Protocol {
        RESP, MEMCACHED
    }

    static final String CISTERN = "cistern";

    /** More than any trial puts in. */
    static final int MUCH_MEGABYTES = 2048;

    static Peer cistern(String launcher) {
        return new Peer(CISTERN, Protocol.RESP,
                port -> List.of(launcher, "node", "--bind", "127.0.0.1", "--port", port.toString()));
    }

    static Peer redis() {
        return new Peer("redis", Protocol.RESP, port -> List.of("redis-server", "--bind", "127.0.0.1",
                "--port", port.toString(), "--save", "", "--appendonly", "no", "--daemonize", "no"));
    }

    /** Two threads, its -t for a machine of two cores; the rest as its package has it. */
    static Peer memcached(int megabytes) {
        return new Peer("memcached", Protocol.MEMCACHED, port -> List.of("memcached", "-l", "127.0.0.1", "-p",
                port.toString(), "-U", "0", "-t", "2", "-m", Integer.toString(megabytes), "-u",
                System.getProperty("user.name")));
    }

    static Peer cisternMemcached(String launcher, int megabytes) {
        return new Peer("cistern memcached", Protocol.MEMCACHED,
                port -> List.of(launcher, "node", "--engine", "memcached", "--bind", "127.0.0.1", "--port",
                        port.toString(), "-m", Integer.toString(megabytes)));
    }

    /** Any other server that speaks RESP: NAME=COMMAND with {port} in it, handed to a shell that becomes it. */
    static Peer parse(String text) {
        int equals = text.indexOf('=');
        if (equals < 1 || !text.contains("{port}")) {
            throw new IllegalArgumentException("write it as NAME=COMMAND with {port} in the command");
        }
        String command = text.substring(equals + 1);
        return new Peer(text.substring(0, equals), Protocol.RESP,
                port -> List.of("sh", "-c", "exec " + command.replace("{port}", port.toString())));
    }

    static boolean isInstalled(String program) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
}

package dev.cistern.app.process;

import dev.cistern.control.node.NodeRuntimeException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What an original of this machine knows: it ends at once when its file names a setting or a rule names a command of
 * another version, so it is asked before.
 *
 * @param settings names that CONFIG GET shows
 * @param commands names in small letters; a subcommand as {@code acl|setuser}, from 7.0 on
 */
record OriginalKnowledge(Set<String> settings, Set<String> commands) {

    private static final int TRIES = 500;
    private static final int PAUSE_MILLIS = 20;

    /** Place of the subcommands in what COMMAND says of one. */
    private static final int SUBCOMMANDS = 9;

    /** Starts the program without a port, asks, and ends it. */
    static OriginalKnowledge of(Path program) {
        try {
            Path folder = Files.createTempDirectory("cistern-ask");
            Path socket = folder.resolve("socket");
            Process process = new ProcessBuilder(program.toString(), "--port", "0", "--unixsocket", socket.toString(),
                    "--dir", folder.toString(), "--save", "").redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            try {
                return ask(process, socket);
            } finally {
                process.destroyForcibly().waitFor(TRIES, TimeUnit.SECONDS);
                Files.deleteIfExists(socket);
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            throw new NodeRuntimeException(program + " does not tell what it knows: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NodeRuntimeException("interrupted", e);
        }
    }

    private static OriginalKnowledge ask(Process process, Path socket) throws IOException, InterruptedException {
        try (RespSession session = connect(process, socket)) {
            Set<String> settings = new HashSet<>();
            List<?> pairs = (List<?>) session.ask("CONFIG", "GET", "*");
            for (int i = 0; i < pairs.size(); i += 2) {
                settings.add((String) pairs.get(i));
            }
            Set<String> commands = new HashSet<>();
            addNames(commands, (List<?>) session.ask("COMMAND"));
            return new OriginalKnowledge(Set.copyOf(settings), Set.copyOf(commands));
        }
    }

    /** Its socket is there a moment before somebody listens at it. */
    private static RespSession connect(Process process, Path socket) throws IOException, InterruptedException {
        for (int i = 0; i < TRIES && process.isAlive(); i++) {
            try {
                return new RespSession(socket);
            } catch (SocketException notYet) {
                Thread.sleep(PAUSE_MILLIS);
            }
        }
        throw new IOException("it does not listen");
    }

    private static void addNames(Set<String> names, List<?> commands) {
        for (Object command : commands) {
            List<?> facts = (List<?>) command;
            names.add(((String) facts.getFirst()).toLowerCase(Locale.ROOT));
            if (facts.size() > SUBCOMMANDS) {
                addNames(names, (List<?>) facts.get(SUBCOMMANDS));
            }
        }
    }
}

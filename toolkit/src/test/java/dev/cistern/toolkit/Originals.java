package dev.cistern.toolkit;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/** The originals, redis-server and memcached, as child processes. Tests skip where they are absent. */
final class Originals implements Server.Maker {

    @Override
    public Server redis(int port) {
        return new Original(port, List.of(require("redis-server"), "--port", "" + port, "--bind", "127.0.0.1", "--save",
                "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"));
    }

    @Override
    public Server memcached(int port) {
        return new Original(port, List.of(require("memcached"), "-l", "127.0.0.1", "-p", "" + port, "-U", "0", "-u",
                "nobody", "-m", "32", "-t", "1"));
    }

    private static String require(String program) {
        for (String folder : System.getenv("PATH").split(":", -1)) {
            Path path = Path.of(folder, program);
            if (Files.isExecutable(path)) {
                return path.toString();
            }
        }
        Assumptions.abort(program + " is not installed");
        throw new AssertionError();
    }

    private static final class Original extends Server {

        private final List<String> command;
        private @Nullable Process process;

        Original(int port, List<String> command) {
            super(port);
            this.command = command;
        }

        @Override
        public void start() throws Exception {
            process = new ProcessBuilder(command).directory(new File(System.getProperty("java.io.tmpdir")))
                    .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            awaitListening();
        }

        @Override
        public void kill() throws Exception {
            Process running = process;
            if (running != null) {
                running.destroyForcibly();
                running.waitFor(5, TimeUnit.SECONDS);
            }
        }
    }
}

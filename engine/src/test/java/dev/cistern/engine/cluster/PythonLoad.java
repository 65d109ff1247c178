package dev.cistern.engine.cluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Queue;

/** redis-py as a client of a cluster, in a process of its own. */
final class PythonLoad implements ReshardingTest.Load {
    private static final String SCRIPT = "load-redis-py.py";

    private final Process process;
    private final Thread reader;
    private final Queue<String> failures;
    private volatile long calls;
    private volatile long keys;

    /** Whether this machine has what it takes. */
    static boolean isPossible() {
        try {
            Process asked = new ProcessBuilder("python3", "-c", "import redis.cluster")
                    .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            return asked.waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    PythonLoad(Path folder, int port, long seed, int keys, Queue<String> failures) {
        this.failures = failures;
        Path script = folder.resolve(SCRIPT);
        try (InputStream in = PythonLoad.class.getResourceAsStream(SCRIPT)) {
            Files.write(script, Objects.requireNonNull(in).readAllBytes());
            process = new ProcessBuilder("python3", script.toString(), "" + port, "python", "" + seed, "" + keys)
                    .redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        reader = Thread.ofVirtual().start(this::read);
    }

    private void read() {
        try (BufferedReader out = new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.startsWith("calls ")) {
                    calls = Long.parseLong(line.substring("calls ".length()));
                } else if (line.startsWith("keys ")) {
                    keys = Long.parseLong(line.substring("keys ".length()));
                } else {
                    failures.add("python: " + line);
                }
            }
        } catch (IOException e) {
            failures.add("python: " + e);
        }
    }

    @Override
    public long calls() {
        return calls;
    }

    @Override
    public boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void end() throws InterruptedException {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // It has ended already, and has said why.
        }
        reader.join();
        process.waitFor();
    }

    @Override
    public long keys() {
        return keys;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}

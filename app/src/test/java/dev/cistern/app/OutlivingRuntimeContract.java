package dev.cistern.app;

import dev.cistern.app.process.ProcessRuntime;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

import static org.assertj.core.api.Assertions.assertThat;

/** What a runtime promises beside whose nodes are processes. */
abstract class OutlivingRuntimeContract extends NodeRuntimeContract {

    @Test
    void theNextControlPlaneFindsTheNodeAndItsData() throws IOException {
        NodeSpec spec = spec("a");
        start(spec);
        String run = admin(spec).report().runId();
        try (Jedis client = client(spec)) {
            client.set("key", "value");
            runtime().close();
            reopen();
            assertThat(runtime().inspect(spec)).isEqualTo(NodeState.RUNNING);
            start(spec);
            assertThat(client.get("key")).as("its clients noticed nothing").isEqualTo("value");
        }
        assertThat(admin(spec).report().runId()).isEqualTo(run);
        shutDown(spec);
        Probe.await(() -> exits.contains("a"));
        assertThat(runtime().inspect(spec)).isEqualTo(NodeState.STOPPED);
        assertThat(exits).hasSize(1);
    }

    @Test
    void oneThatIsKilledIsToldAndStartedAgain() throws IOException {
        NodeSpec spec = spec("a");
        start(spec);
        process(spec).destroyForcibly();
        Probe.await(() -> exits.contains("a"));
        assertThat(runtime().inspect(spec)).isEqualTo(NodeState.STOPPED);
        start(spec);
        assertThat(admin(spec).answers()).isTrue();
    }

    @Test
    void oneThatIsFrozenEndsByForce() throws IOException, InterruptedException {
        NodeSpec spec = spec("a");
        start(spec);
        ProcessHandle process = process(spec);
        Programs.run("kill", "-STOP", Long.toString(process.pid()));
        runtime().stop(spec);
        Probe.await(() -> !process.isAlive());
        assertThat(runtime().inspect(spec)).isEqualTo(NodeState.STOPPED);
    }

    /** The number in an old record may meanwhile be another's. */
    @Test
    void aStrangerWithTheNumberOfAnOldRecordIsLeftAlone() throws IOException {
        NodeSpec spec = spec("a");
        start(spec);
        Path record = spec.dataDirectory().resolve("process");
        String[] words = Files.readString(record).split(" ", 2);
        runtime().stop(spec);
        Process stranger = new ProcessBuilder("sleep", "1000").start();
        try {
            Files.writeString(record, stranger.pid() + " " + words[1]);
            assertThat(runtime().inspect(spec)).isEqualTo(NodeState.STOPPED);
            runtime().stop(spec);
            assertThat(ProcessRuntime.endAll(nodes)).isZero();
            assertThat(stranger.isAlive()).isTrue();
            Files.writeString(record, "not a record\n");
            assertThat(runtime().inspect(spec)).isEqualTo(NodeState.STOPPED);
            start(spec);
            assertThat(admin(spec).answers()).isTrue();
        } finally {
            stranger.destroyForcibly();
        }
    }

    @Test
    void allEndAtOnce() throws IOException {
        NodeSpec one = spec("a");
        NodeSpec two = spec("b");
        start(one);
        start(two);
        assertThat(ProcessRuntime.endAll(nodes)).isEqualTo(2);
        assertThat(runtime().inspect(one)).isEqualTo(NodeState.STOPPED);
        assertThat(ProcessRuntime.endAll(nodes)).isZero();
    }

    @Test
    void nobodyElseCanReadItsSecrets() throws IOException {
        NodeSpec spec = spec("a");
        start(spec);
        long pid = process(spec).pid();
        String secret = spec.admin().password().reveal();
        assertThat(text("/proc/" + pid + "/cmdline")).doesNotContain(secret);
        assertThat(text("/proc/" + pid + "/environ")).doesNotContain(secret, "AWS_");
        try (Stream<Path> files = Files.walk(spec.dataDirectory())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (Files.readString(file, StandardCharsets.ISO_8859_1).contains(secret)) {
                    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).as(file.toString())
                            .isEqualTo("rw-------");
                }
            }
        }
    }

    private static String text(String file) throws IOException {
        return new String(Files.readAllBytes(Path.of(file)), StandardCharsets.ISO_8859_1);
    }

    static ProcessHandle process(NodeSpec spec) throws IOException {
        String record = Files.readString(spec.dataDirectory().resolve("process"));
        return ProcessHandle.of(Long.parseLong(record.substring(0, record.indexOf(' ')))).orElseThrow();
    }
}

package dev.cistern.app;

import dev.cistern.control.EndpointOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.Tag;

import static org.assertj.core.api.Assertions.assertThat;

/** The program as a process of its own: what a kill, a signal and a second start do to it. */
final class KillTest {

    @TempDir
    private Path temp;

    private final List<Process> started = new ArrayList<>();
    private EndpointOptions ports;

    @BeforeEach
    void choosePorts() throws IOException {
        ports = Probe.endpoints();
    }

    @AfterEach
    void endAll() throws InterruptedException {
        for (Process process : started) {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void killedWhileWritingItComesBackWholeAtTheSameEndpoints() throws Exception {
        Running first = up();
        Endpoint endpoint;
        String arn;
        AtomicInteger acknowledged = new AtomicInteger();
        try (ElastiCacheClient client = Probe.sdk(first.url())) {
            arn = client.createReplicationGroup(request -> request.replicationGroupId("kept")
                    .replicationGroupDescription("kept").engine("valkey").cacheNodeType("cache.t4g.micro"))
                    .replicationGroup().arn();
            endpoint = Probe.awaitAvailable(client, "kept");
            Thread tagger = Thread.ofVirtual().start(() -> tagUntilItFails(client, arn, acknowledged));
            Thread writer = Thread.ofVirtual().start(() -> writeUntilItFails(endpoint));
            Probe.await(() -> acknowledged.get() >= 10);
            first.process().destroyForcibly().waitFor();
            tagger.join();
            writer.join();
        }
        try (ElastiCacheClient client = Probe.sdk(up().url())) {
            assertThat(Probe.awaitAvailable(client, "kept")).isEqualTo(endpoint);
            List<Tag> tags = client.listTagsForResource(request -> request.resourceName(arn)).tagList();
            // The one that was under way may be there or not; the ones before it must be.
            assertThat(tags.size()).isBetween(acknowledged.get(), acknowledged.get() + 1);
            try (Jedis jedis = Probe.connect(endpoint)) {
                assertThat(jedis.set("after", "the kill")).isEqualTo("OK");
            }
        }
    }

    @Test
    void sigtermEndsItCleanlyAndASecondStartIsToldOfTheFirst() throws Exception {
        Running first = up();
        Process second = start("up", "--port", "0", "--state-dir", temp.toString());
        assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(second.exitValue()).isEqualTo(ExitCode.BAD_ENVIRONMENT);
        assertThat(new String(second.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("pid " + first.process().pid(), first.url());
        first.process().destroy();
        assertThat(first.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(first.process().exitValue()).isEqualTo(143);
        assertThat(RunningNote.read(temp)).isEmpty();
    }

    /** As many as a resource may have; the kill comes before. */
    private static void tagUntilItFails(ElastiCacheClient client, String arn, AtomicInteger acknowledged) {
        try {
            for (int i = 0; i < 50; i++) {
                Tag tag = Tag.builder().key("tag" + i).value("value").build();
                client.addTagsToResource(request -> request.resourceName(arn).tags(tag));
                acknowledged.incrementAndGet();
            }
        } catch (SdkException killed) {
            // That is what the test is about.
        }
    }

    private static void writeUntilItFails(Endpoint endpoint) {
        try (Jedis jedis = Probe.connect(endpoint)) {
            for (int i = 0;; i++) {
                jedis.set("key" + i, "value");
            }
        } catch (JedisException killed) {
            // That is what the test is about.
        }
    }

    /** Starts the whole and returns when it says that it is up. */
    private Running up() throws IOException {
        Process process = start("up", "--port", "0", "--state-dir", temp.toString(),
                "--node-ports", ports.firstPort() + "-" + ports.lastPort());
        BufferedReader lines = new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = lines.readLine();
        assertThat(line).as("what it said first").startsWith("Cistern is up: ");
        return new Running(process, line.split(" ")[3]);
    }

    private Process start(String... words) throws IOException {
        List<String> commandLine = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java")
                .toString(), "--enable-native-access=ALL-UNNAMED", "-XX:+UseCompactObjectHeaders",
                "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"),
                Cistern.class.getName()));
        commandLine.addAll(List.of(words));
        Process process = new ProcessBuilder(commandLine).start();
        started.add(process);
        return process;
    }

    /** A program that is up, and where. */
    record Running(Process process, String url) {}
}

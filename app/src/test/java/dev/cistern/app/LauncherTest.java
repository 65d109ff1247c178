package dev.cistern.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The launcher script, in a repository of its own that a temporary folder plays: its program is this module's test class
 * path, and its Maven a script that a test writes, so that nothing here compiles the real one.
 */
final class LauncherTest {

    @TempDir
    private Path temp;

    private Path repository;

    @BeforeEach
    void makeRepository() throws IOException {
        repository = Files.createDirectory(temp.resolve("a repository"));
        Files.copy(Path.of("../cistern"), repository.resolve("cistern"), StandardCopyOption.COPY_ATTRIBUTES);
        for (String folder : List.of("store", "engine", "control", "gateway", "app")) {
            Files.createDirectories(repository.resolve(folder).resolve("src/main"));
            Files.writeString(repository.resolve(folder).resolve("pom.xml"), "<project/>");
        }
        Files.writeString(repository.resolve("pom.xml"), "<project/>");
    }

    @Test
    void startsFromAnyFolderThroughLinks() throws Exception {
        pretendItWasBuilt();
        Path link = Files.createSymbolicLink(temp.resolve("link"), Path.of("a repository/cistern"));
        Path linkToLink = Files.createSymbolicLink(temp.resolve("again"), link);
        Ended ended = run(linkToLink, Map.of(), "version");
        assertThat(ended.output()).contains("cistern " + VersionCommand.ownVersion());
        assertThat(ended.code()).isZero();
    }

    @Test
    void exitCodesComeThrough() throws Exception {
        pretendItWasBuilt();
        assertThat(run(Map.of(), "nonsense").code()).isEqualTo(ExitCode.BAD_SYNTAX);
    }

    @Test
    void usersJvmOptionsWin() throws Exception {
        pretendItWasBuilt();
        Ended ended = run(Map.of("CISTERN_JAVA_OPTS", "-XX:+UseParallelGC -Xmx77m -XX:+PrintCommandLineFlags"),
                "version");
        assertThat(ended.output()).contains("-XX:MaxHeapSize=" + (77 << 20), "-XX:+UseParallelGC");
    }

    @Test
    void aWrongJdkIsNamedWithTheRemedy() throws Exception {
        Ended ended = run(Map.of("CISTERN_JAVA_HOME", "/usr"), "version");
        assertThat(ended.code()).isEqualTo(ExitCode.BAD_ENVIRONMENT);
        assertThat(ended.output()).contains("CISTERN_JAVA_HOME is /usr", "no JDK 25");
    }

    @Test
    void aMissingMavenIsNamedWithTheRemedy() throws Exception {
        Ended ended = run(Map.of("CISTERN_MAVEN", "/nowhere/mvn"), "version");
        assertThat(ended.code()).isEqualTo(ExitCode.BAD_ENVIRONMENT);
        assertThat(ended.output()).contains("Maven is needed", "CISTERN_MAVEN");
    }

    @Test
    void aFailedBuildShowsItsLastLinesAndTheLog() throws Exception {
        Ended ended = run(Map.of("CISTERN_MAVEN", maven("echo '[ERROR] the moon is full'; exit 1")), "version");
        assertThat(ended.code()).isEqualTo(ExitCode.BAD_ENVIRONMENT);
        assertThat(ended.output()).contains("the build failed", "the moon is full",
                repository.resolve(".cistern/build.log").toRealPath().toString());
        assertThat(repository.resolve(".cistern/build.lock")).doesNotExist();
    }

    @Test
    void buildsOnceAndAgainOnlyWhenASourceChanged() throws Exception {
        Map<String, String> environment = Map.of("CISTERN_MAVEN", mavenThatCounts());
        run(environment, "version");
        Ended second = run(environment, "version");
        assertThat(builds()).isEqualTo(1);
        assertThat(second.output()).doesNotContain("Building");
        Files.setLastModifiedTime(Files.writeString(repository.resolve("store/src/main/New.java"), ""),
                FileTime.from(Instant.now().plusSeconds(5)));
        run(environment, "version");
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void startsAtTheSameTimeBuildOnce() throws Exception {
        Map<String, String> environment = Map.of("CISTERN_MAVEN", mavenThatCounts());
        List<Process> starts = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            starts.add(start(repository.resolve("cistern"), environment, temp.resolve("output" + i), "nonsense"));
        }
        for (Process start : starts) {
            assertThat(start.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void aLockOfADeadStartIsCleared() throws Exception {
        Path lock = Files.createDirectories(repository.resolve(".cistern/build.lock"));
        Files.writeString(lock.resolve("pid"), "99999999");
        run(Map.of("CISTERN_MAVEN", mavenThatCounts()), "version");
        assertThat(builds()).isEqualTo(1);
        assertThat(lock).doesNotExist();
    }

    /**
     * A new clone has no class of any test, and the build must not ask for one. Compiling is left out, for its time: what
     * is asked here are the steps around it.
     */
    @Test
    void theRealBuildIsOneOfANewClone() throws Exception {
        assumeTrue(Programs.works("mvn", "--version"), "mvn is not on the PATH");
        copyTheRealPoms();
        Ended ended = run(Map.of("CISTERN_MAVEN", maven("exec mvn \"$@\" -Dmaven.main.skip=true")), "version");
        assertThat(ended.output()).doesNotContain("the build failed");
        try (Stream<Path> jars = Files.list(repository.resolve("app/target/lib"))) {
            assertThat(jars.map(jar -> jar.getFileName().toString()))
                    .anyMatch(name -> name.startsWith("cistern-store-"))
                    .anyMatch(name -> name.startsWith("cistern-app-")).anyMatch(name -> name.startsWith("picocli-"));
        }
    }

    private void copyTheRealPoms() throws IOException {
        Path real = Path.of("..");
        try (Stream<Path> files = Files.walk(real, 2)) {
            for (Path file : files.filter(path -> path.endsWith("pom.xml") || path.startsWith("../.mvn/"))
                    .toList()) {
                Path copy = repository.resolve(real.relativize(file));
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    /** Where a build would have put it: the class path file, newer than every source. */
    private void pretendItWasBuilt() throws IOException {
        Path lib = Files.createDirectories(repository.resolve("app/target/lib"));
        Files.writeString(repository.resolve("app/target/class-path"),
                "-cp \"" + lib.toRealPath() + "/none.jar:" + System.getProperty("java.class.path") + "\"\n");
    }

    private String maven(String body) throws IOException {
        Path script = temp.resolve("mvn");
        Files.writeString(script, "#!/bin/sh\n" + body + "\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        return script.toString();
    }

    /** A build that takes a while and leaves a line in a file each time. */
    private String mavenThatCounts() throws IOException {
        return maven("echo built >>'" + temp.resolve("builds") + "'; sleep 0.5; mkdir -p '"
                + repository.resolve("app/target/lib") + "'; touch '" + repository.resolve("app/target/lib/a.jar")
                + "'");
    }

    private long builds() throws IOException {
        return Files.readAllLines(temp.resolve("builds")).size();
    }

    private Ended run(Map<String, String> environment, String... words) throws Exception {
        return run(repository.resolve("cistern"), environment, words);
    }

    private Ended run(Path script, Map<String, String> environment, String... words) throws Exception {
        Path output = temp.resolve("output");
        Process process = start(script, environment, output, words);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Ended(process.exitValue(), Files.readString(output));
    }

    private Process start(Path script, Map<String, String> environment, Path output, String... words)
            throws IOException {
        List<String> commandLine = new ArrayList<>(List.of(script.toString()));
        commandLine.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(commandLine).directory(temp.toFile())
                .redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().put("CISTERN_JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** How a run ended. */
    record Ended(int code, String output) {}
}

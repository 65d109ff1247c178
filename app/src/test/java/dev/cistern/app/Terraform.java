package dev.cistern.app;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Terraform in a folder, with the AWS provider that is installed.
 *
 * <p>The provider is one process for all of Terraform's commands: it takes seconds to start. It is looked for where Terraform
 * keeps mirrors of them and in the folder that TF_PLUGIN_DIR names.
 */
final class Terraform implements AutoCloseable {

    private static final String PROVIDER = "registry.terraform.io/hashicorp/aws";
    private static final Pattern REATTACH = Pattern.compile("TF_REATTACH_PROVIDERS='(.*)'");

    private final Path folder;
    private final Path mirror;
    private final Process provider;
    private final String reattach;

    private Terraform(Path folder, Path mirror, Process provider, String reattach) {
        this.folder = folder;
        this.mirror = mirror;
        this.provider = provider;
        this.reattach = reattach;
    }

    /** Has the provider run until the end, as those who debug it do, and learns how Terraform finds it. */
    static Terraform start(Path folder) throws IOException, InterruptedException {
        Optional<Path> mirror = mirror();
        assumeTrue(mirror.isPresent(), "Terraform's AWS provider is not installed");
        assumeTrue(Programs.works("terraform", "version"), "terraform is not installed");
        Path program;
        try (Stream<Path> files = Files.walk(mirror.get().resolve(PROVIDER))) {
            program = files.filter(Files::isExecutable).filter(Files::isRegularFile).findFirst().orElseThrow();
        }
        Path said = folder.resolve("provider.log");
        ProcessBuilder builder = new ProcessBuilder(program.toString(), "-debug").directory(folder.toFile())
                .redirectErrorStream(true).redirectOutput(said.toFile());
        // It cannot take certificates twice, and here nothing is encrypted.
        builder.environment().remove("AWS_CA_BUNDLE");
        Process provider = builder.start();
        Probe.await(() -> REATTACH.matcher(Files.readString(said)).find());
        Matcher found = REATTACH.matcher(Files.readString(said));
        return new Terraform(folder, mirror.get(), provider, found.find() ? found.group(1) : "");
    }

    /** The folder below which the provider lies. */
    private static Optional<Path> mirror() {
        return Stream.of(Objects.requireNonNullElse(System.getenv("TF_PLUGIN_DIR"), ""), "/usr/share/terraform/plugins",
                "/usr/local/share/terraform/plugins", "/opt/tf-plugins",
                System.getProperty("user.home") + "/.terraform.d/plugins")
                .filter(place -> !place.isEmpty()).map(Path::of)
                .filter(path -> Files.isDirectory(path.resolve(PROVIDER)))
                .findFirst();
    }

    /** A file of what is wanted, as the tests keep it. */
    static String part(String file) throws IOException {
        try (InputStream in = Objects.requireNonNull(Terraform.class.getResourceAsStream("terraform/" + file))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    void init() throws IOException, InterruptedException {
        run("init", "-plugin-dir=" + mirror);
    }

    /** All at once: the provider waits with most of them. */
    String apply(String... more) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of("apply", "-auto-approve", "-parallelism=30"));
        words.addAll(List.of(more));
        return run(words.toArray(String[]::new));
    }

    /** Whether Terraform finds everything as it is wanted; {@code after} is what was done before. */
    void hasNothingToDo(String after) throws IOException, InterruptedException {
        assertThat(run("plan", "-detailed-exitcode")).as("the plan after " + after).contains("No changes.");
    }

    /** What it prints; it must end well. */
    String run(String... words) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("terraform"));
        line.addAll(List.of(words));
        if (!words[0].equals("state")) {
            line.add("-no-color");
        }
        ProcessBuilder builder = new ProcessBuilder(line).directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().put("CHECKPOINT_DISABLE", "1");
        builder.environment().put("TF_INPUT", "0");
        builder.environment().put("TF_REATTACH_PROVIDERS", reattach);
        builder.environment().remove("TF_CLI_CONFIG_FILE");
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("terraform " + String.join(" ", words) + ": " + output).isZero();
        return output;
    }

    @Override
    public void close() {
        provider.destroy();
    }
}

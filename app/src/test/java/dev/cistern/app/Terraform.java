package dev.cistern.app;

import java.io.IOException;
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
 * Terraform in a folder of its own, with the AWS provider that is installed; a test that opens it is skipped where one of the
 * two is not.
 *
 * <p>The provider is one process for all commands: it takes seconds to start. It is looked for where Terraform keeps mirrors
 * of them and in the folder that TF_PLUGIN_DIR names.
 */
final class Terraform implements AutoCloseable {

    private static final String PROVIDER = "registry.terraform.io/hashicorp/aws";
    private static final Pattern REATTACH = Pattern.compile("TF_REATTACH_PROVIDERS='(.*)'");

    private static final String HEADER = """
            terraform {
              required_providers {
                aws = { source = "hashicorp/aws" }
              }
            }
            provider "aws" {
              region                      = "us-east-1"
              access_key                  = "any"
              secret_key                  = "any"
              skip_credentials_validation = true
              skip_requesting_account_id  = true
              skip_metadata_api_check     = true
              endpoints { elasticache = "@URL@" }
            }
            """;

    private final Path folder;
    private final String header;
    private final Process provider;
    private final String reattach;

    private Terraform(Path folder, String url, Path mirror) throws IOException {
        this.folder = folder;
        this.header = HEADER.replace("@URL@", url);
        Path said = folder.resolve("provider.log");
        this.provider = startProvider(mirror, said);
        Probe.await(() -> REATTACH.matcher(Files.readString(said)).find());
        Matcher found = REATTACH.matcher(Files.readString(said));
        this.reattach = found.find() ? found.group(1) : "";
    }

    /** Against the API at that address; only its header is written so far. */
    static Terraform open(Path folder, String url) throws IOException, InterruptedException {
        Optional<Path> mirror = mirror();
        assumeTrue(mirror.isPresent(), "Terraform's AWS provider is not installed");
        assumeTrue(Programs.works("terraform", "version"), "terraform is not installed");
        Terraform terraform = new Terraform(folder, url, mirror.get());
        terraform.write("");
        terraform.run("init", "-plugin-dir=" + mirror.get());
        return terraform;
    }

    /** Has the provider run until the end, as those who debug it do. */
    private Process startProvider(Path mirror, Path said) throws IOException {
        Path program;
        try (Stream<Path> files = Files.walk(mirror.resolve(PROVIDER))) {
            program = files.filter(Files::isExecutable).filter(Files::isRegularFile).findFirst().orElseThrow();
        }
        ProcessBuilder builder = new ProcessBuilder(program.toString(), "-debug").directory(folder.toFile())
                .redirectErrorStream(true).redirectOutput(said.toFile());
        // It cannot take certificates twice, and here nothing is encrypted.
        builder.environment().remove("AWS_CA_BUNDLE");
        return builder.start();
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

    /** Writes what is wanted from now on. */
    void write(String resources) throws IOException {
        Files.writeString(folder.resolve("main.tf"), header + resources);
    }

    /** What a command prints; it must end well. */
    String run(String... words) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("terraform"));
        line.addAll(List.of(words));
        line.addAll(List.of("-no-color", "-input=false"));
        ProcessBuilder builder = new ProcessBuilder(line).directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().put("CHECKPOINT_DISABLE", "1");
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

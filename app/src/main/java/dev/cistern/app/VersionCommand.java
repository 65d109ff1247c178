package dev.cistern.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Properties;

import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints the versions that a report of a defect should carry: ours, the JVM's and the machine's. */
@Command(name = "version", description = "Shows the version of Cistern, of the JVM and of the machine.", footer = {"",
        "Example:", "  cistern version"})
final class VersionCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init")
    VersionCommand() {}

    @Override
    public void run() {
        for (String text : lines()) {
            spec.commandLine().getOut().println(text);
        }
    }

    static String[] lines() {
        return new String[]{
                "cistern " + ownVersion(),
                "java " + Runtime.version() + ", " + System.getProperty("java.vendor.version", "unknown vendor"),
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch") + ", " + Runtime.getRuntime().availableProcessors() + " CPUs"};
    }

    /** The version in the pom at the time of the build. */
    static String ownVersion() {
        Properties build = new Properties();
        try (InputStream in = Objects.requireNonNull(VersionCommand.class.getResourceAsStream("build.properties"))) {
            build.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return build.getProperty("version", "unknown");
    }

    /** Lets `cistern --version` say the same. */
    static final class Provider implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return lines();
        }
    }
}

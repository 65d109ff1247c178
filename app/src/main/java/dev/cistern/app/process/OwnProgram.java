package dev.cistern.app.process;

import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeSpecFile;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Our engine in a JVM of its own: {@code cistern node}, told by a file what node it is.
 *
 * <p>The flags are the launcher's and for its reasons; only the heap starts and ends smaller, because it holds one node's
 * connections and not a whole Cistern. Data lies outside the heap.
 */
final class OwnProgram implements Program {

    static final String SPEC = "node.properties";

    private static final List<String> FLAGS = List.of("--enable-native-access=ALL-UNNAMED",
            "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED", "-XX:+UseCompactObjectHeaders",
            "-XX:MaxInlineLevel=30", "-XX:+UseSerialGC", "-Xms8m", "-Xmx512m",
            // A dying node says so in its log, not in a file wherever it was started.
            "-XX:ErrorFile=/dev/stderr", "-XX:+ExitOnOutOfMemoryError");

    /**
     * How this JVM was told to start and to compile: the launcher's cache of linked classes and what goes with it, which is
     * half of a start's time.
     */
    private static final List<String> START_UP = ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(flag -> flag.startsWith("-XX:AOTCache=") || flag.equals("-XX:+UnlockDiagnosticVMOptions")
                    || flag.equals("-XX:-AOTReplayTraining") || flag.equals("-Xlog:aot=off")
                    || flag.equals("-Xlog:cds=off") || flag.startsWith("-XX:TieredStopAtLevel="))
            .toList();

    @Override
    public List<String> prepare(NodeSpec spec) throws IOException {
        Path file = spec.dataDirectory().resolve(SPEC);
        NodeSpecFile.write(spec, file);
        List<String> words = new ArrayList<>();
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(FLAGS);
        words.addAll(START_UP);
        words.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.cistern.app.Cistern", "node", "--spec",
                file.toString()));
        return words;
    }
}

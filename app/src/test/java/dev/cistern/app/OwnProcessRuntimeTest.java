package dev.cistern.app;

import dev.cistern.app.process.ProcessRuntime;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Our engine in a JVM for each node. */
final class OwnProcessRuntimeTest extends OutlivingRuntimeContract {

    @Override
    NodeRuntime open() {
        return ProcessRuntime.ofOwnEngine();
    }

    @Test
    void itsLogIsBounded() throws IOException {
        NodeSpec spec = spec("a");
        start(spec);
        Path log = spec.dataDirectory().resolve("node.log");
        Files.write(log, new byte[3_000_000], StandardOpenOption.APPEND);
        var _ = runtime().inspect(spec);
        assertThat(Files.size(log)).isLessThan(1_000_000);
        assertThat(Files.size(spec.dataDirectory().resolve("node.log.1"))).isGreaterThan(2_900_000);
    }
}

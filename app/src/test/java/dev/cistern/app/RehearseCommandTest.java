package dev.cistern.app;

import org.junit.jupiter.api.Test;
import picocli.CommandLine;

import static org.assertj.core.api.Assertions.assertThat;

/** The launcher only tells its log when a rehearsal fails. */
final class RehearseCommandTest {

    @Test
    void playsToItsEnd() {
        assertThat(new CommandLine(new RehearseCommand()).execute()).isZero();
    }
}

package dev.cistern.app.process;

import dev.cistern.control.node.NodeAddress;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThatCode;

/** The ports that stand in front of originals. */
final class ForwarderTest {

    private static final NodeAddress PORT = new NodeAddress("127.0.0.1",
            18_000 + (int) (ProcessHandle.current().pid() % 900));
    private static final NodeAddress[] SERVERS = {new NodeAddress("127.0.0.1", 1), new NodeAddress("127.0.0.1", 2)};

    /** As at a change of roles: one leaves the port, which closes with it, and another one comes. */
    @Test
    void aPortCanBeTakenAsSoonAsItsLastServerLeft() {
        try (Forwarder forwarder = new Forwarder()) {
            assertThatCode(() -> {
                for (int i = 0; i < 200; i++) {
                    forwarder.add(PORT, SERVERS[i % 2]);
                    forwarder.remove(PORT, SERVERS[i % 2]);
                }
            }).doesNotThrowAnyException();
        }
    }
}

package dev.cistern.app.process;

import dev.cistern.app.InJvmRuntime;
import dev.cistern.control.node.AdminCredential;
import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeAdmin;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.Secret;
import dev.cistern.engine.network.EventLoops;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** The ports of roles, in front of a node that would be asked again when the test is long over. */
final class RolePortsTest {

    private static final String HOST = "127.0.0.1";
    private static final int NODE_PORT = 19_000 + (int) (ProcessHandle.current().pid() % 300) * 3;
    private static final int PRIMARY_PORT = NODE_PORT + 1;
    private static final int READER_PORT = NODE_PORT + 2;
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    @Test
    void aNodeIsAskedAtOnceWhenItsRoleMayHaveChanged() {
        NodeAddress address = new NodeAddress(HOST, NODE_PORT);
        NodeSpec spec = new NodeSpec("a", EngineType.REDIS, "7.1.0", HOST, NODE_PORT, 100_000_000, Map.of(), true,
                new AdminCredential(AdminCredential.USER, new Secret("swordfish-of-the-admin")), folder);
        NodeAdmin admin = new NodeAdmin(address, spec.admin());
        try (InJvmRuntime nodes = new InJvmRuntime(EventLoops.start());
                Forwarder forwarder = new Forwarder();
                RolePorts ports = new RolePorts(forwarder, Duration.ofDays(1))) {
            var _ = nodes.start(spec);
            ports.listen("a", new RolePorts.Place(address, HOST, PRIMARY_PORT, READER_PORT), admin);
            awaitAt(PRIMARY_PORT, spec, true);
            admin.follow(new NodeAddress(HOST, 1));
            ports.askNow("a");
            awaitAt(PRIMARY_PORT, spec, false);
            admin.lead();
            ports.askNow("a");
            awaitAt(PRIMARY_PORT, spec, true);
            assertThat(isAt(READER_PORT, spec)).isFalse();
            ports.askNow("nobody");
        }
    }

    private static void awaitAt(int port, NodeSpec node, boolean isThere) {
        await().atMost(LIMIT).until(() -> isAt(port, node) == isThere);
    }

    private static boolean isAt(int port, NodeSpec node) {
        return new NodeAdmin(new NodeAddress(HOST, port), node.admin()).answers();
    }
}

package dev.cistern.control.workflow;

import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.control.certificate.CertificateAuthority;
import dev.cistern.control.certificate.OwnCertificates;
import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeState;
import dev.cistern.control.node.Secret;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.ClusterSettings;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.GroupAccess;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.state.Database;
import dev.cistern.control.state.StateDirectory;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.DriverManager;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Nodes whose rows go while somebody looks at them. */
final class NodesTest {

    private static final ResourceKey GROUP = new ResourceKey("000000000000", "us-east-1", "g");
    private static final ResourceKey MEMBER = GROUP.sibling("g-0001-001");
    private static final String URL = "jdbc:h2:mem:nodes;MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;"
            + "DEFAULT_NULL_ORDERING=HIGH;DB_CLOSE_DELAY=-1";
    /** More than there are in one look. */
    private static final int READS = 12;

    @TempDir
    Path folder;

    /** Before how many more connections the group is deleted; none for less than one. */
    private int left;
    private final Database database = Database.over(connections(), () -> {});

    /** A runtime that has nothing running. */
    private static final class Empty implements NodeRuntime {

        @Override
        public NodeAddress start(NodeSpec spec) {
            throw new AssertionError("nobody is to start " + spec.nodeId());
        }

        @Override
        public NodeState inspect(NodeSpec spec) {
            return NodeState.STOPPED;
        }

        @Override
        public void stop(NodeSpec spec) {
            // It does not run.
        }

        @Override
        public void remove(NodeSpec spec) {
            // It was never there.
        }

        @Override
        public void onExit(Consumer<String> listener) {
            // None ends.
        }

        @Override
        public void close() {
            // There is nothing to end.
        }
    }

    private DataSource connections() {
        return (DataSource) Proxy.newProxyInstance(NodesTest.class.getClassLoader(), new Class<?>[]{DataSource.class},
                (_, method, _) -> {
                    assertThat(method.getName()).isEqualTo("getConnection");
                    if (left > 0 && --left == 0) {
                        delete();
                    }
                    return DriverManager.getConnection(URL, "cistern", "");
                });
    }

    private Nodes nodes(StateDirectory directory) throws IOException {
        NodeRuntime runtime = new Empty();
        ControlPlaneOptions options = ControlPlaneOptions.of(folder, runtime);
        EventLog events = new EventLog(options.clock(), 10);
        NodeCertificates certificates = new NodeCertificates(
                CertificateAuthority.open(directory.certificates(), options.clock()),
                new OwnCertificates(directory.certificates()), options.endpoints(), directory.nodes());
        NodeSpecs specs = new NodeSpecs(database, directory, options.endpoints(), certificates, options.keys());
        return new Nodes(database, runtime, directory, events, certificates, specs, new NodeTeller(database, runtime,
                events, certificates, specs, options.loginKeys(), options.clock()), new Leases(System::nanoTime));
    }

    private CacheNode insert() {
        CacheNode node = new CacheNode(MEMBER, "0001", 0, MEMBER.id() + "-abc123-0001", CacheNodeStatus.AVAILABLE, true,
                "us-east-1a", "127.0.0.1", 1, Secret.generate(new SecureRandom()), 0, "cluster-enabled=yes");
        database.run(handle -> {
            ReplicationGroup.TABLE.insert(handle, new ReplicationGroup(GROUP, 0, ReplicationGroupStatus.AVAILABLE, "d",
                    EngineType.VALKEY, "abc123", ReplicationGroup.ENABLED, false, ReplicationGroup.ENABLED, 0,
                    GroupAccess.OPEN, null));
            NodeGroup.TABLE.insert(handle, NodeGroup.fresh(GROUP, NodeGroup.FIRST, "0-16383", MEMBER.id(), 2, 3));
            CacheCluster.TABLE.insert(handle, new CacheCluster(MEMBER, 0, CacheClusterStatus.AVAILABLE,
                    EngineType.VALKEY, "abc123", "us-east-1a", 1, 0, GROUP.id(), NodeGroup.FIRST,
                    new ClusterSettings("8.0.1", "cache.t3.micro", "default.valkey8.cluster.on", "sun:05:00-sun:06:00",
                            "03:00-04:00", 0, true),
                    null, false, "default"));
            CacheNode.TABLE.insert(handle, node);
        });
        return node;
    }

    private void delete() {
        database.run(handle -> {
            for (String table : new String[]{"cache_node", "cache_cluster", "node_group", "replication_group"}) {
                handle.execute("delete from " + table);
            }
        });
    }

    /** Whoever looks has read some of its rows, and finds the others gone. */
    @Test
    void theNodeOfAGroupThatIsDeletedMeanwhileIsNotThere() throws IOException {
        try (StateDirectory directory = StateDirectory.open(folder)) {
            Nodes nodes = nodes(directory);
            for (int read = 1; read <= READS; read++) {
                CacheNode node = insert();
                left = read;
                assertThat(nodes.isRunning(node)).as("deleted before read " + read).isFalse();
                left = 0;
                delete();
            }
        }
    }
}

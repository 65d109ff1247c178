package dev.cistern.control.workflow;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.LoginKeys;
import dev.cistern.control.node.LoginTerms;
import dev.cistern.control.node.MemcachedAdmin;
import dev.cistern.control.node.NodeAdmin;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeTrust;
import dev.cistern.control.node.NodeUser;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.NodeLogins;
import dev.cistern.control.resource.NodeParameters;
import dev.cistern.control.state.Database;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says to a node that runs what it has to know. Which node and when is for its callers, who hold the node's lock.
 *
 * <p>Any thread.
 */
record NodeTeller(Database database, NodeRuntime runtime, EventLog events, NodeCertificates certificates,
        NodeSpecs specs, LoginKeys loginKeys, Clock clock) {

    private static final Logger log = LoggerFactory.getLogger(NodeTeller.class);

    /** The node's admin connection. */
    NodeAdmin admin(StartedNode node) {
        return admin(node, NodeAdmin.ANSWER_LIMIT);
    }

    /** One that waits for no answer longer than that. */
    NodeAdmin admin(StartedNode node, Duration limit) {
        return new NodeAdmin(node.address(), node.spec().admin(), trust(node), limit, runtime.dialer());
    }

    private @Nullable NodeTrust trust(StartedNode node) {
        return node.isEncrypted() ? certificates.trust() : null;
    }

    /** The same for a Memcached node, which has a protocol of its own. */
    MemcachedAdmin memcached(StartedNode node) {
        return new MemcachedAdmin(node.address(), node.spec().admin(), trust(node), runtime.runsOriginals());
    }

    /** Who may come in. */
    void users(StartedNode told, CacheNode node, CacheCluster cluster) {
        admin(told).setUsers(usersOn(told.spec(), cluster));
        logins(told, node, cluster);
    }

    /** The users as the node has to be told them. */
    private List<NodeUser> usersOn(NodeSpec spec, CacheCluster cluster) {
        List<String> last = runtime.lastRules(spec);
        List<NodeUser> users = specs.users(cluster);
        return last.isEmpty() ? users : users.stream().map(user -> user.endingWith(last)).toList();
    }

    /** By which keys it judges who logs in by a signed token. */
    void logins(StartedNode told, CacheNode node, CacheCluster cluster) {
        LoginTerms terms = database.read(handle -> NodeLogins.of(handle, cluster, loginKeys,
                LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC)));
        if (!admin(told).setLogins(terms) && !terms.users().isEmpty()) {
            database.run(handle -> events.clusterEvent(handle, cluster.key(), "Cache node " + node.cacheNodeId()
                    + " is run by an original server, which cannot check IAM tokens: it refuses "
                    + String.join(", ", terms.users())));
        }
    }

    /** What the node does not know is left out: a parameter may be accepted before an engine has a use for it. */
    void settings(StartedNode told, CacheNode node, Map<String, String> settings) {
        Map<String, String> refused = told.spec().engine() == EngineType.MEMCACHED
                ? memcached(told).setParameters(settings)
                : admin(told).setParameters(settings);
        refused.forEach((name, reason) -> {
            log.warn("node {} refuses {}: {}", node.nodeId(), name, reason);
            database.run(handle -> events.clusterEvent(handle, node.key(),
                    "Cache node " + node.cacheNodeId() + " refused parameter " + name + ": " + reason));
        });
    }

    /** Stores what the node is told, and the events that tell so; answers the row as it is then. */
    CacheNode remember(CacheNode node, NodeParameters before, NodeParameters now) {
        return database.change(handle -> {
            CacheNode current = CacheNode.TABLE.find(handle, node.key().account(), node.key().region(),
                    node.key().id(), node.cacheNodeId()).orElseThrow();
            for (String name : now.family().parameters().keySet()) {
                if (!now.value(name).equals(before.value(name))) {
                    events.clusterEvent(handle, node.key(), "Updated parameter " + name + " to " + now.value(name));
                }
            }
            return CacheNode.TABLE.update(handle, current.withParameters(NodeParameters.encode(now.values())));
        });
    }
}

package dev.cistern.control.workflow;

import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.MemcachedCluster;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.state.Database;
import dev.cistern.control.state.StateDirectory;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The door to everything that happens after an operation has answered.
 *
 * <p>The methods that take a handle only store a wish, in the transaction of the operation that took it.
 */
public final class Workflows implements AutoCloseable {

    private final WorkflowEngine engine;
    private final Keeper keeper;
    private final MemcachedSteps memcached;
    private final EventLog events;
    private final Workflow<NoInput> changeUser;
    private final Workflow<NoInput> deleteUser;
    private final Workflow<NoInput> changeUserGroup;
    private final Workflow<NoInput> deleteUserGroup;
    private final Workflow<NoInput> encryptGroup;
    private final Workflow<NoInput> secureGroup;

    public Workflows(ControlPlaneOptions options, Database database, StateDirectory directory, EventLog events,
            NodeCertificates certificates, StepObserver observer) {
        this.events = events;
        Nodes nodes = new Nodes(database, options.runtime(), directory, events, options.endpoints(), certificates);
        ClusterSteps clusters = new ClusterSteps(nodes, events);
        GroupSteps groups = new GroupSteps(clusters, events);
        this.memcached = new MemcachedSteps(nodes, clusters, events, options.endpoints(), options.clock(),
                this::removeNodes);
        ChangeUsers users = new ChangeUsers(groups, events);
        this.changeUser = users.changingUser();
        this.deleteUser = users.deletingUser();
        this.changeUserGroup = users.changingUserGroup();
        this.deleteUserGroup = users.deletingUserGroup();
        this.encryptGroup = new EncryptReplicationGroup(groups);
        this.secureGroup = users.securingReplicationGroup();
        Rest rest = new Rest(options.pauses());
        this.engine = new WorkflowEngine(database, options.clock(), rest, observer, List.of(
                new CreateCacheCluster(clusters),
                encryptGroup,
                new ResizeCacheCluster(clusters),
                new DeleteCacheCluster(clusters),
                new ConfigureCacheCluster(clusters),
                new RebootCacheCluster(clusters),
                new AddCacheNodes(memcached),
                new RemoveCacheNodes(memcached),
                new CreateReplicationGroup(groups),
                new ResizeReplicationGroup(groups),
                new DeleteReplicationGroup(groups),
                changeUser, deleteUser, changeUserGroup, deleteUserGroup, secureGroup));
        this.keeper = new Keeper(database, nodes, events, this, options.clock(), rest);
    }

    public void createCacheCluster(Handle handle, ResourceKey key) {
        engine.start(handle, CreateCacheCluster.TYPE, key, new NoInput());
    }

    /** Answers the cluster as it is now: modifying. */
    public CacheCluster resizeCacheCluster(Handle handle, CacheCluster cluster, String nodeType) {
        engine.start(handle, ResizeCacheCluster.TYPE, cluster.key(), new ResizeCacheCluster.Input(nodeType));
        return modifying(handle, cluster, nodeType);
    }

    /** Has the nodes told what the parameter group says. */
    public void configureCacheCluster(Handle handle, ResourceKey key) {
        engine.start(handle, ConfigureCacheCluster.TYPE, key, new NoInput());
    }

    public void rebootCacheCluster(Handle handle, ResourceKey key, List<String> cacheNodeIds) {
        engine.start(handle, RebootCacheCluster.TYPE, key, new RebootCacheCluster.Input(cacheNodeIds));
    }

    /** Begins what is to change about the nodes of a Memcached cluster; answers the cluster as it is now: modifying. */
    public CacheCluster changeNodes(Handle handle, CacheCluster cluster, MemcachedCluster change) {
        if (change.toRemove().isEmpty()) {
            events.clusterEvent(handle, cluster.key(), "Increasing number of requested nodes");
            engine.start(handle, AddCacheNodes.TYPE, cluster.key(), new AddCacheNodes.Input(change.toAdd()));
        } else {
            memcached.part(handle, cluster.key(), change.toRemove());
            removeNodes(handle, cluster.key(), change.toRemove());
        }
        return CacheCluster.TABLE.update(handle, cluster.withStatus(CacheClusterStatus.MODIFYING));
    }

    private void removeNodes(Handle handle, ResourceKey key, List<String> cacheNodeIds) {
        engine.start(handle, RemoveCacheNodes.TYPE, key, new RemoveCacheNodes.Input(cacheNodeIds));
    }

    public void deleteCacheCluster(Handle handle, ResourceKey key) {
        engine.start(handle, DeleteCacheCluster.TYPE, key, new NoInput());
    }

    public void createReplicationGroup(Handle handle, ResourceKey key) {
        engine.start(handle, CreateReplicationGroup.TYPE, key, new NoInput());
    }

    /** Answers the group as it is now: modifying, with all its members. */
    public ReplicationGroup resizeReplicationGroup(Handle handle, ReplicationGroup group, String nodeType) {
        engine.start(handle, ResizeReplicationGroup.TYPE, group.key(), new ResizeCacheCluster.Input(nodeType));
        CacheCluster.membersOf(handle, group.key()).forEach(member -> modifying(handle, member, nodeType));
        return ReplicationGroup.TABLE.update(handle, group.withStatus(ReplicationGroupStatus.MODIFYING));
    }

    public void changeUser(Handle handle, ResourceKey key) {
        engine.start(handle, changeUser.type(), key, new NoInput());
    }

    public void deleteUser(Handle handle, ResourceKey key) {
        engine.start(handle, deleteUser.type(), key, new NoInput());
    }

    public void changeUserGroup(Handle handle, ResourceKey key) {
        engine.start(handle, changeUserGroup.type(), key, new NoInput());
    }

    public void deleteUserGroup(Handle handle, ResourceKey key) {
        engine.start(handle, deleteUserGroup.type(), key, new NoInput());
    }

    /** Gives all encrypted nodes new certificates at once. */
    public void rotateCertificates() {
        keeper.renewCertificates(true);
    }

    /** Has the nodes told how connections are to be encrypted; answers the group as it is now: modifying. */
    public ReplicationGroup encryptReplicationGroup(Handle handle, ReplicationGroup group) {
        engine.start(handle, encryptGroup.type(), group.key(), new NoInput());
        return ReplicationGroup.TABLE.update(handle, group.withStatus(ReplicationGroupStatus.MODIFYING));
    }

    /** Has the nodes told who may come in; answers the group as it is now: modifying. */
    public ReplicationGroup secureReplicationGroup(Handle handle, ReplicationGroup group) {
        engine.start(handle, secureGroup.type(), group.key(), new NoInput());
        return ReplicationGroup.TABLE.update(handle, group.withStatus(ReplicationGroupStatus.MODIFYING));
    }

    private static CacheCluster modifying(Handle handle, CacheCluster cluster, String nodeType) {
        return CacheCluster.TABLE.update(handle,
                cluster.withPendingNodeType(nodeType).withStatus(CacheClusterStatus.MODIFYING));
    }

    /** {@code retainedClusterId} is the member that stays as a cluster of its own, or null. */
    public void deleteReplicationGroup(Handle handle, ResourceKey key, @Nullable String retainedClusterId) {
        engine.start(handle, DeleteReplicationGroup.TYPE, key, new DeleteReplicationGroup.Input(
                retainedClusterId == null ? "" : retainedClusterId));
    }

    /** Begins what the last transactions stored; to be called after them. */
    public void dispatch() {
        engine.dispatch();
    }

    /** Whether every stored wish has come true or was given up. */
    public boolean isIdle() {
        return engine.isIdle();
    }

    /** Restarts the nodes that should run, resumes the workflows, and keeps both up until {@link #close}. */
    public void open() {
        keeper.open();
        engine.dispatch();
    }

    @Override
    public void close() {
        engine.close();
        keeper.close();
    }
}

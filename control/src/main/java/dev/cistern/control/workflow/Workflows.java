package dev.cistern.control.workflow;

import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.control.StatusReport;
import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.resource.AtRestEncryption;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.FailoverRow;
import dev.cistern.control.resource.MemcachedCluster;
import dev.cistern.control.resource.Migration;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.NodeSnapshot;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.Snapshot;
import dev.cistern.control.resource.SnapshotStatus;
import dev.cistern.control.state.Database;
import dev.cistern.control.state.StateDirectory;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
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
    private final Sentry sentry;
    /** Null where nodes take no orders. */
    private final @Nullable LeaseRounds leaseRounds;
    private final MemcachedSteps memcached;
    private final EventLog events;
    private final Database database;
    private final Clock clock;
    private final Reports reports;
    private final Workflow<NoInput> changeUser;
    private final Workflow<NoInput> deleteUser;
    private final Workflow<NoInput> changeUserGroup;
    private final Workflow<NoInput> deleteUserGroup;
    private final Workflow<NoInput> encryptGroup;
    private final Workflow<NoInput> secureGroup;

    public Workflows(ControlPlaneOptions options, Database database, StateDirectory directory, EventLog events,
            NodeCertificates certificates, StepObserver observer) {
        this.events = events;
        LongSupplier nanos = options.pauses()::nanos;
        Leases leases = new Leases(nanos);
        NodeSpecs specs = new NodeSpecs(database, directory, options.endpoints(), certificates, options.keys());
        NodeTeller teller = new NodeTeller(database, options.runtime(), events, certificates, specs,
                options.loginKeys(), options.clock());
        Nodes nodes = new Nodes(database, options.runtime(), directory, events, certificates, specs, teller, leases);
        NodeChanges changes = new NodeChanges(database, nodes, options.runtime(), specs, teller, certificates, events);
        SnapshotFiles files = new SnapshotFiles(options, directory, database);
        SnapshotSteps snapshots = new SnapshotSteps(nodes, files, events, options.clock());
        ClusterSteps clusters = new ClusterSteps(nodes, changes, files, events, nanos);
        Topologies topologies = new Topologies(database, nodes, options.endpoints());
        GroupSteps groups = new GroupSteps(clusters, events, topologies);
        RollingSteps rolling = new RollingSteps(groups, nodes);
        EngineSteps engines = new EngineSteps(events);
        FailoverSteps failovers = new FailoverSteps(groups, nodes, leases, options.clock());
        MigrationSteps migrations = new MigrationSteps(groups, nodes, options.sources());
        this.memcached = new MemcachedSteps(nodes, changes, clusters, events, options.endpoints(), options.clock(),
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
                new ApplySecurityGroup(changes),
                new ResizeCacheCluster(clusters),
                new DeleteCacheCluster(clusters),
                new ConfigureCacheCluster(clusters),
                new RebootCacheCluster(clusters),
                new AddCacheNodes(memcached),
                new RemoveCacheNodes(memcached),
                new UpgradeCacheCluster(memcached, this),
                new CreateReplicationGroup(groups),
                new AddReplicas(groups, this),
                new RemoveReplicas(groups),
                new PromoteReplica(groups),
                new Reshard(groups),
                new FailOver(failovers),
                new TestFailover(failovers),
                new StartMigration(migrations),
                new TestMigration(migrations),
                new CompleteMigration(migrations),
                new ResizeReplicationGroup(groups),
                new UpgradeReplicationGroup(rolling, engines),
                new UpgradeNode(rolling, engines),
                new ChangeClusterMode(rolling),
                new DeleteReplicationGroup(groups),
                new CreateSnapshot(snapshots, this),
                new CopySnapshot(files),
                new DeleteSnapshot(files),
                changeUser, deleteUser, changeUserGroup, deleteUserGroup, secureGroup));
        this.database = database;
        this.clock = options.clock();
        this.reports = new Reports(options.endpoints(), engine.presentSteps());
        this.sentry = new Sentry(database, nodes, this, leases, new Alarms(database, events), options.clock(), rest,
                nanos);
        this.leaseRounds = options.runtime().runsOriginals()
                ? null
                : new LeaseRounds(database, nodes, leases, rest, nanos);
        this.keeper = new Keeper(database, nodes, changes, events, this, options.clock(), rest,
                new SnapshotKeeper(database, this, options.clock()), topologies, sentry,
                new LoginKeeper(database, changes, options.loginKeys(), options.clock()));
    }

    /** {@code source} is what its data comes from, or null. */
    public void createCacheCluster(Handle handle, ResourceKey key, @Nullable RestoreSource source) {
        engine.start(handle, CreateCacheCluster.TYPE, key, new CreateCacheCluster.Input(source));
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

    /**
     * Begins what is to change about a Memcached cluster: first its version, then its nodes. Answers the cluster as it is
     * now: modifying, if there is anything.
     */
    public CacheCluster changeMemcached(Handle handle, CacheCluster cluster, MemcachedCluster change) {
        if (change.isUpgrading()) {
            engine.start(handle, UpgradeCacheCluster.TYPE, cluster.key(), new NoInput());
            return CacheCluster.TABLE.update(handle, cluster.withStatus(CacheClusterStatus.MODIFYING));
        }
        return change.isChanging() ? changeNodes(handle, cluster, change) : cluster;
    }

    private CacheCluster changeNodes(Handle handle, CacheCluster cluster, MemcachedCluster change) {
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

    /** {@code source} is what its data comes from, {@code seed} the id of a cluster that serves already, or null. */
    public void createReplicationGroup(Handle handle, ResourceKey key, @Nullable RestoreSource source,
            @Nullable String seed) {
        engine.start(handle, CreateReplicationGroup.TYPE, key, new CreateReplicationGroup.Input(source, seed));
    }

    /** Starts members that are stored already; answers the group as it is now: modifying. */
    public ReplicationGroup addReplicas(Handle handle, ReplicationGroup group, List<String> clusterIds) {
        events.groupEvent(handle, group.key(), "Adding replicas " + String.join(", ", clusterIds));
        engine.start(handle, AddReplicas.TYPE, group.key(), new AddReplicas.Input(clusterIds));
        return ReplicationGroup.TABLE.update(handle, group.withStatus(ReplicationGroupStatus.MODIFYING));
    }

    /** Stops members whose nodes are not to run any more; answers the group as it is now: modifying. */
    public ReplicationGroup removeReplicas(Handle handle, ReplicationGroup group, List<String> clusterIds) {
        events.groupEvent(handle, group.key(), "Removing replicas " + String.join(", ", clusterIds));
        engine.start(handle, RemoveReplicas.TYPE, group.key(), new AddReplicas.Input(clusterIds));
        return ReplicationGroup.TABLE.update(handle, group.withStatus(ReplicationGroupStatus.MODIFYING));
    }

    /**
     * Spreads the slots over the node groups, those that come and whose members are stored already among them, without those
     * that go; answers the group as it is now: modifying.
     */
    public ReplicationGroup reshard(Handle handle, ReplicationGroup group, List<String> clusterIds,
            List<String> coming, List<String> leaving) {
        engine.start(handle, Reshard.TYPE, group.key(), new Reshard.Input(clusterIds, coming, leaving));
        return ReplicationGroup.TABLE.update(handle, group.withStatus(ReplicationGroupStatus.MODIFYING));
    }

    /** Takes away members that could not be started. */
    void takeBackReplicas(Handle handle, ResourceKey group, List<CacheCluster> members) {
        for (CacheCluster member : members) {
            CacheNode.of(handle, member.key()).forEach(node -> CacheNode.TABLE.update(handle, node.leaving()));
            CacheCluster.TABLE.update(handle, member.withStatus(CacheClusterStatus.DELETING));
        }
        engine.start(handle, RemoveReplicas.TYPE, group,
                new AddReplicas.Input(members.stream().map(CacheCluster::id).toList()));
    }

    /** Has a replica become the primary of its node group; answers the group as it is now: modifying. */
    public ReplicationGroup promoteReplica(Handle handle, ReplicationGroup group, CacheCluster replica) {
        engine.start(handle, PromoteReplica.TYPE, group.key(), new PromoteReplica.Input(replica.id()));
        return ReplicationGroup.TABLE.update(handle, group.withStatus(ReplicationGroupStatus.MODIFYING));
    }

    /** Has a node group failed over because somebody wants to see it; answers the group as it is now: modifying. */
    public ReplicationGroup testFailover(Handle handle, ReplicationGroup group, NodeGroup nodeGroup) {
        events.groupEvent(handle, group.key(), "Test Failover API called for node group " + nodeGroup.nodeGroupId());
        new FailoverRow(group.key(), nodeGroup.nodeGroupId(), clock.millis(), true).insert(handle);
        var _ = FailoverSteps.takeFromKeeper(handle, CacheCluster.find(handle,
                group.key().sibling(nodeGroup.primaryClusterId())));
        engine.start(handle, TestFailover.TYPE, group.key(),
                new TestFailover.Input(nodeGroup.nodeGroupId(), nodeGroup.primaryClusterId()));
        return ReplicationGroup.TABLE.update(handle, group.withStatus(ReplicationGroupStatus.MODIFYING));
    }

    /** Has the group follow a server that is not ours, if it can; answers the group as it is now: modifying. */
    public ReplicationGroup startMigration(Handle handle, ReplicationGroup group, NodeAddress source) {
        engine.start(handle, StartMigration.TYPE, group.key(), MigrationSteps.Source.of(source));
        return ReplicationGroup.TABLE.update(handle, group.withStatus(ReplicationGroupStatus.MODIFYING));
    }

    /** Looks whether it could; answers the group as it is now: modifying. */
    public ReplicationGroup testMigration(Handle handle, ReplicationGroup group, NodeAddress source) {
        engine.start(handle, TestMigration.TYPE, group.key(), MigrationSteps.Source.of(source));
        return ReplicationGroup.TABLE.update(handle, group.withStatus(ReplicationGroupStatus.MODIFYING));
    }

    /** Has the group's primary lead; {@code force} also when it has not everything that its source has. */
    public void completeMigration(Handle handle, Migration migration, boolean force) {
        Migration.TABLE.update(handle, migration.withState(Migration.State.COMPLETING));
        engine.start(handle, CompleteMigration.TYPE, migration.key(), new CompleteMigration.Input(force));
    }

    /**
     * Has a replica take the place of this primary, which is lost, unless somebody else has to do with it by now, or it was
     * removed; whether one will.
     */
    boolean failOver(ResourceKey groupKey, String nodeGroupId, ResourceKey primary) {
        boolean begins = database.change(handle -> {
            ReplicationGroup group = ReplicationGroup.find(handle, groupKey);
            CacheCluster lost = CacheCluster.find(handle, primary);
            NodeGroup nodeGroup = lost == null ? null : NodeGroup.of(handle, lost);
            if (group == null || lost == null || nodeGroup == null || !nodeGroup.hasPrimary(lost)
                    || !FailoverSteps.takeFromKeeper(handle, lost)) {
                return false;
            }
            boolean isAvailable = group.is(ReplicationGroupStatus.AVAILABLE);
            if (isAvailable) {
                ReplicationGroup.TABLE.update(handle, group.withStatus(ReplicationGroupStatus.MODIFYING));
            }
            engine.start(handle, FailOver.TYPE, groupKey, new FailOver.Input(nodeGroupId, lost.id(), isAvailable));
            return true;
        });
        dispatch();
        return begins;
    }

    /** How many of the slots that a group's nodes hand over now have arrived, in percent; null when they hand over none. */
    public @Nullable Double reshardingPercent(Handle handle, ResourceKey group) {
        Map<String, String> done = engine.doneSteps(handle, Reshard.TYPE, group);
        if (done == null) {
            return null;
        }
        String plan = done.get(Reshard.PLAN);
        return plan == null ? 0.0 : engine.result(plan, Reshard.Plan.class).percent(done.keySet());
    }

    /** Answers the group as it is now: modifying, with all its members. */
    public ReplicationGroup resizeReplicationGroup(Handle handle, ReplicationGroup group, String nodeType) {
        engine.start(handle, ResizeReplicationGroup.TYPE, group.key(), new ResizeCacheCluster.Input(nodeType));
        CacheCluster.membersOf(handle, group.key()).forEach(member -> modifying(handle, member, nodeType));
        return ReplicationGroup.TABLE.update(handle, group.withStatus(ReplicationGroupStatus.MODIFYING));
    }

    /** Gives the members the version that was stored for them; answers the group as it is now: modifying. */
    public ReplicationGroup upgradeReplicationGroup(Handle handle, ReplicationGroup group) {
        engine.start(handle, UpgradeReplicationGroup.TYPE, group.key(), new NoInput());
        return modifying(handle, group);
    }

    /** Gives a cluster on its own the version that was stored for it; answers it as it is now: modifying. */
    public CacheCluster upgradeNode(Handle handle, CacheCluster cluster) {
        engine.start(handle, UpgradeNode.TYPE, cluster.key(), new NoInput());
        return CacheCluster.TABLE.update(handle, cluster.withStatus(CacheClusterStatus.MODIFYING));
    }

    /** Answers the group as it is now: modifying, with all its members. */
    public ReplicationGroup changeClusterMode(Handle handle, ReplicationGroup group, String mode,
            String parameterGroup) {
        engine.start(handle, ChangeClusterMode.TYPE, group.key(), new ChangeClusterMode.Input(mode, parameterGroup));
        return modifying(handle, group);
    }

    private static ReplicationGroup modifying(Handle handle, ReplicationGroup group) {
        CacheCluster.membersOf(handle, group.key()).forEach(member -> CacheCluster.TABLE.update(handle,
                member.withStatus(CacheClusterStatus.MODIFYING)));
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

    /** Has the nodes told who may come in, after the group's rules changed or who has it. */
    public void applySecurityGroup(Handle handle, ResourceKey key) {
        engine.start(handle, ApplySecurityGroup.TYPE, key, new NoInput());
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

    /**
     * Stores a snapshot that is about to be taken of its source, which can be changed again afterwards.
     *
     * @param deletesSource  whether the source is to be deleted after it, and only then
     */
    public void createSnapshot(Handle handle, Snapshot snapshot, List<NodeSnapshot> parts, boolean deletesSource) {
        Snapshot.TABLE.insert(handle, snapshot);
        parts.forEach(part -> NodeSnapshot.TABLE.insert(handle, part));
        String group = snapshot.replicationGroupId();
        AtRestEncryption.inherit(handle, snapshot.arn(), group == null
                ? AtRestEncryption.of(handle, named(handle, snapshot))
                : AtRestEncryption.ofGroup(handle, snapshot.key().sibling(group)));
        SnapshotSteps.sourceBecomes(handle, snapshot,
                deletesSource ? CacheClusterStatus.DELETING : CacheClusterStatus.SNAPSHOTTING,
                deletesSource ? ReplicationGroupStatus.DELETING : ReplicationGroupStatus.SNAPSHOTTING);
        engine.start(handle, CreateSnapshot.TYPE, snapshot.key(), new CreateSnapshot.Input(deletesSource));
    }

    /** Copies {@code source} to the snapshot {@code target}; answers the copy as it is now: creating. */
    public Snapshot copySnapshot(Handle handle, Snapshot source, ResourceKey target, long nowMillis) {
        Snapshot copy = source.copyAs(target, nowMillis);
        Snapshot.TABLE.insert(handle, copy);
        source.parts(handle).forEach(part -> NodeSnapshot.TABLE.insert(handle, part.copyAs(target)));
        AtRestEncryption.inherit(handle, copy.arn(), AtRestEncryption.of(handle, source.arn()));
        copying(handle, source, new CopySnapshot.Input(target.id(), null, null));
        return copy;
    }

    /**
     * Copies the files of {@code source} to a caller's bucket, encrypted with that key, or not at all; answers it as it is
     * now: copying.
     */
    public Snapshot exportSnapshot(Handle handle, Snapshot source, String target, String bucket,
            @Nullable String keyArn) {
        return copying(handle, source, new CopySnapshot.Input(target, bucket, keyArn));
    }

    /** What the exported file of a part is called in its bucket. */
    public static String exportKey(String target, NodeSnapshot part) {
        return CopySnapshot.objectKey(target, part);
    }

    private Snapshot copying(Handle handle, Snapshot source, CopySnapshot.Input input) {
        engine.start(handle, CopySnapshot.TYPE, source.key(), input);
        return Snapshot.TABLE.update(handle, source.withStatus(SnapshotStatus.COPYING));
    }

    /** Answers the snapshot as it is now: deleting. */
    public Snapshot deleteSnapshot(Handle handle, Snapshot snapshot) {
        engine.start(handle, DeleteSnapshot.TYPE, snapshot.key(), new NoInput());
        return Snapshot.TABLE.update(handle, snapshot.withStatus(SnapshotStatus.DELETING));
    }

    /** The cluster that the snapshot is taken of. */
    private static CacheCluster named(Handle handle, Snapshot snapshot) {
        return CacheCluster.TABLE.find(handle, snapshot.key().account(), snapshot.key().region(),
                String.valueOf(snapshot.cacheClusterId())).orElseThrow();
    }

    /** Deletes what a final snapshot was taken of: from here on nothing starts its nodes any more. */
    void deleteSource(Handle handle, Snapshot snapshot) {
        String group = snapshot.replicationGroupId();
        List<CacheCluster> clusters = group == null
                ? List.of(named(handle, snapshot))
                : CacheCluster.membersOf(handle, snapshot.key().sibling(group));
        clusters.forEach(cluster -> CacheNode.of(handle, cluster.key())
                .forEach(node -> CacheNode.TABLE.update(handle, node.leaving())));
        if (group == null) {
            deleteCacheCluster(handle, clusters.getFirst().key());
        } else {
            deleteReplicationGroup(handle, snapshot.key().sibling(group), null);
        }
    }

    /** Begins what the last transactions stored; to be called after them. */
    public void dispatch() {
        engine.dispatch();
    }

    /** What workflows there are. */
    public Set<String> types() {
        return engine.types();
    }

    /** What exists and what is being done. */
    public StatusReport status() {
        return database.read(handle -> reports.of(handle, clock.millis()));
    }

    /** Whether every stored wish has come true or was given up. */
    public boolean isIdle() {
        return engine.isIdle();
    }

    /** Restarts the nodes that should run, resumes the workflows, and keeps both up until {@link #close}. */
    public void open() {
        if (leaseRounds != null) {
            // Primaries that outlived the control plane before wait for nothing else.
            leaseRounds.open();
        }
        keeper.open();
        engine.dispatch();
        sentry.open();
    }

    @Override
    public void close() {
        engine.close();
        sentry.close();
        if (leaseRounds != null) {
            leaseRounds.close();
        }
        keeper.close();
    }
}

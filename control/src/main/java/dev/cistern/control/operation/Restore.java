package dev.cistern.control.operation;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.EngineVersion;
import dev.cistern.control.resource.NodeSnapshot;
import dev.cistern.control.resource.ParameterGroup;
import dev.cistern.control.resource.Snapshot;
import dev.cistern.control.resource.SubnetGroup;
import dev.cistern.control.workflow.RestoreSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.CreateCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.NodeGroupConfiguration;
import software.amazon.awssdk.services.elasticache.model.Tag;

/**
 * What a new cluster's data is to come from, and what the cluster has from there when nobody says otherwise.
 *
 * @param source    for the workflow
 * @param snapshot  the snapshot; null when it is objects of buckets
 */
record Restore(RestoreSource source, @Nullable Snapshot snapshot) {

    /** A key that begins with a slash would be a path from the root where a bucket is a folder. */
    private static final Pattern OBJECT = Pattern
            .compile("(?:arn:aws[a-z-]*:s3:::|s3://)([a-z0-9.-]{3,63})/([^/\\p{Cntrl}][^\\p{Cntrl}]*)");

    /** As many as there can be node groups. */
    private static final int MAX_OBJECTS = 500;

    /** What the request names, checked; null when it names nothing. */
    static @Nullable Restore of(Context context, @Nullable String snapshotName, List<String> objects) {
        String name = snapshotName == null ? "" : snapshotName;
        if (!name.isEmpty() && !objects.isEmpty()) {
            throw Faults.invalidParameterCombination("SnapshotName and SnapshotArns cannot be used together.");
        }
        if (!name.isEmpty()) {
            Snapshot snapshot = new SnapshotOperations(context).require(name);
            SnapshotOperations.requireAvailable(snapshot, "restore");
            return new Restore(RestoreSource.ofSnapshot(snapshot.id()), snapshot);
        }
        if (objects.size() > MAX_OBJECTS) {
            throw Faults.invalidParameterValue("SnapshotArns names %d objects; it can name %d.", objects.size(),
                    MAX_OBJECTS);
        }
        return objects.isEmpty()
                ? null
                : new Restore(RestoreSource.ofObjects(
                        objects.stream().map(object -> object(context, object)).toList()), null);
    }

    /** From here on the snapshot is being restored. To be called when nothing can be refused any more. */
    RestoreSource begin(Context context) {
        if (snapshot != null) {
            Snapshot.TABLE.update(context.handle(), snapshot.withRestores(snapshot.restores() + 1));
        }
        return source;
    }

    CreateCacheClusterRequest fill(Context context, CreateCacheClusterRequest request) {
        requireEngine(request.engine());
        requireFitting(context, false);
        Snapshot from = snapshot;
        if (from == null) {
            return request;
        }
        var filled = request.toBuilder();
        EngineType engine = engine(from, request.engine());
        filled.engine(engine.wireName());
        if (request.engineVersion() == null) {
            filled.engineVersion(version(from, engine));
        }
        if (request.cacheNodeType() == null) {
            filled.cacheNodeType(from.settings().cacheNodeType());
        }
        if (request.cacheParameterGroupName() == null) {
            filled.cacheParameterGroupName(parameterGroup(context, from, engine, request.engineVersion()));
        }
        if (request.cacheSubnetGroupName() == null) {
            filled.cacheSubnetGroupName(subnetGroup(context, from));
        }
        if (request.tags().isEmpty()) {
            filled.tags(tags(context, from));
        }
        CreateCacheClusterRequest answer = filled.build();
        requireNotOlder(from, engine, answer.engineVersion());
        return answer;
    }

    CreateReplicationGroupRequest fill(Context context, CreateReplicationGroupRequest request) {
        requireEngine(request.engine() == null ? EngineType.REDIS.wireName() : request.engine());
        Snapshot from = snapshot;
        if (from == null) {
            return request;
        }
        var filled = request.toBuilder();
        EngineType engine = engine(from, request.engine());
        filled.engine(engine.wireName());
        if (request.engineVersion() == null) {
            filled.engineVersion(version(from, engine));
        }
        if (request.cacheNodeType() == null) {
            filled.cacheNodeType(from.settings().cacheNodeType());
        }
        if (request.cacheParameterGroupName() == null) {
            String group = parameterGroup(context, from, engine, request.engineVersion());
            boolean hasSlots = group != null && ParameterGroups.isClustered(context, group);
            filled.cacheParameterGroupName(GroupCreation.wantsSlots(request) && !hasSlots ? null : group);
        }
        if (request.cacheSubnetGroupName() == null) {
            filled.cacheSubnetGroupName(subnetGroup(context, from));
        }
        if (request.tags().isEmpty()) {
            filled.tags(tags(context, from));
        }
        filled.nodeGroupConfiguration(shape(context, from, request));
        CreateReplicationGroupRequest answer = filled.build();
        requireNotOlder(from, engine, answer.engineVersion());
        return answer;
    }

    /** The node groups that the snapshot was taken of, unless the caller has a shape in mind. */
    private static List<NodeGroupConfiguration> shape(Context context, Snapshot from,
            CreateReplicationGroupRequest request) {
        List<NodeSnapshot> parts = from.parts(context.handle());
        boolean isGiven = request.numNodeGroups() != null || !request.nodeGroupConfiguration().isEmpty();
        return isGiven || parts.size() == 1
                ? request.nodeGroupConfiguration()
                : parts.stream().map(part -> NodeGroupConfiguration.builder().nodeGroupId(part.nodeGroupId())
                        .slots(part.slots()).build()).toList();
    }

    /** What was cut by slots may go wherever else slots are. */
    void requireFitting(Context context, boolean hasSlots) {
        if (hasSlots) {
            return;
        }
        Snapshot from = snapshot;
        if (from != null && from.parts(context.handle()).stream().anyMatch(part -> part.slots() != null)) {
            throw Faults.invalidParameterCombination("Snapshot %s of a replication group with cluster mode enabled can "
                    + "only be restored to another one with cluster mode enabled.", from.id());
        }
        if (source.objects().size() > 1) {
            throw Faults
                    .invalidParameterCombination("SnapshotArns can name more than one object only for a replication "
                            + "group with cluster mode enabled.");
        }
    }

    private static RestoreSource.StoredFile object(Context context, String name) {
        Matcher matcher = OBJECT.matcher(name);
        if (!matcher.matches() || List.of(matcher.group(2).split("/", -1)).contains("..")) {
            throw Faults.invalidParameterValue("Invalid S3 object ARN: %s. Should be arn:aws:s3:::bucket/key.", name);
        }
        if (name.contains(",")) {
            throw Faults.invalidParameterValue("The S3 object name %s cannot contain a comma.", name);
        }
        try {
            if (!context.options().backups().buckets().has(matcher.group(1), matcher.group(2))) {
                throw Faults.invalidParameterValue("The S3 object %s does not exist or cannot be read.", name);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(name + " cannot be reached: " + e, e);
        }
        return new RestoreSource.StoredFile(matcher.group(1), matcher.group(2));
    }

    private static void requireEngine(@Nullable String wanted) {
        if (wanted != null && EngineType.of(wanted).orElse(null) == EngineType.MEMCACHED) {
            throw Faults
                    .invalidParameterCombination("SnapshotName and SnapshotArns are not valid for engine memcached.");
        }
    }

    private static EngineType engine(Snapshot from, @Nullable String wanted) {
        EngineType engine = wanted == null ? from.engine() : EngineType.of(wanted).orElse(from.engine());
        if (from.engine() == EngineType.VALKEY && engine == EngineType.REDIS) {
            throw Faults.invalidParameterCombination("Snapshot %s of engine valkey cannot be restored to engine redis.",
                    from.id());
        }
        return engine;
    }

    private static @Nullable String version(Snapshot from, EngineType engine) {
        return engine != from.engine()
                ? null
                : EngineVersion.ALL.stream()
                        .filter(version -> version.engine() == engine
                                && version.full().equals(from.settings().engineVersion()))
                        .map(EngineVersion::name).findFirst().orElse(null);
    }

    private static void requireNotOlder(Snapshot from, EngineType engine, @Nullable String wanted) {
        if (engine == from.engine() && wanted != null && EngineVersion.compare(
                ClusterWish.version(engine, wanted).full(), from.settings().engineVersion()) < 0) {
            throw Faults.invalidParameterCombination(
                    "Snapshot %s of engine version %s cannot be restored to the older version %s.", from.id(),
                    from.settings().engineVersion(), wanted);
        }
    }

    /** The source's group, if it is still there and fits; AWS's default one otherwise. */
    private static @Nullable String parameterGroup(Context context, Snapshot from, EngineType engine,
            @Nullable String wantedVersion) {
        ParameterGroup group = ParameterGroup.find(context.handle(), context.key(from.settings().parameterGroup()));
        if (group == null || engine != from.engine()) {
            return null;
        }
        String family = wantedVersion == null
                ? EngineVersion.familyOf(engine, from.settings().engineVersion())
                : ClusterWish.version(engine, wantedVersion).family();
        return group.family().equals(family) ? group.id() : null;
    }

    private static @Nullable String subnetGroup(Context context, Snapshot from) {
        boolean isThere = from.subnetGroup().equals(SubnetGroup.DEFAULT)
                || SubnetGroup.TABLE.find(context.handle(), context.caller().account(), context.caller().region(),
                        from.subnetGroup()).isPresent();
        return isThere ? from.subnetGroup() : null;
    }

    private static List<Tag> tags(Context context, Snapshot from) {
        return Tags.list(context, from.arn());
    }
}

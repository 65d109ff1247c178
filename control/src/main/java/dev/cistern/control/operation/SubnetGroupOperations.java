package dev.cistern.control.operation;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.Network;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.SubnetGroup;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.AvailabilityZone;
import software.amazon.awssdk.services.elasticache.model.CacheSubnetGroup;
import software.amazon.awssdk.services.elasticache.model.CreateCacheSubnetGroupRequest;
import software.amazon.awssdk.services.elasticache.model.CreateCacheSubnetGroupResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheSubnetGroupRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheSubnetGroupResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheSubnetGroupsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheSubnetGroupsResponse;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheSubnetGroupRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheSubnetGroupResponse;
import software.amazon.awssdk.services.elasticache.model.NetworkType;
import software.amazon.awssdk.services.elasticache.model.Subnet;

/** Actions on cache subnet groups. A group decides the zones in which its clusters' nodes may lie. */
public record SubnetGroupOperations(Context context) {

    private static final String NAME_PARAMETER = "CacheSubnetGroupName";
    private static final String DESCRIPTION_PARAMETER = "CacheSubnetGroupDescription";
    private static final int MAX_NAME = 255;

    public CreateCacheSubnetGroupResponse create(CreateCacheSubnetGroupRequest request) {
        String name = Checks.notBlank(NAME_PARAMETER, request.cacheSubnetGroupName()).toLowerCase(Locale.ROOT);
        if (!name.matches("[a-z0-9-]{1," + MAX_NAME + "}")) {
            throw Faults.invalidParameterValue(
                    "The parameter %s must have no more than %d letters, digits and hyphens.",
                    NAME_PARAMETER, MAX_NAME);
        }
        String description = Checks.description(DESCRIPTION_PARAMETER, request.cacheSubnetGroupDescription());
        ResourceKey key = context.key(name);
        if (SubnetGroup.find(context.handle(), key) != null) {
            throw Faults.subnetGroupAlreadyExists(name);
        }
        Checks.quota(SubnetGroup.TABLE, context, context.options().quotas().subnetGroups(),
                Faults::subnetGroupQuotaExceeded);
        SubnetGroup group = SubnetGroup.of(key, description, subnets(request.subnetIds()));
        SubnetGroup.TABLE.insert(context.handle(), group);
        Tags.put(context, group.arn(), request.tags());
        return CreateCacheSubnetGroupResponse.builder().cacheSubnetGroup(described(group)).build();
    }

    /** One group, or all by name: the default one and the caller's own. */
    public DescribeCacheSubnetGroupsResponse describe(DescribeCacheSubnetGroupsRequest request) {
        Page page = Page.of(request.maxRecords(), request.marker());
        List<SubnetGroup> rows = request.cacheSubnetGroupName() == null
                ? after(page)
                : List.of(require(request.cacheSubnetGroupName()));
        return DescribeCacheSubnetGroupsResponse.builder()
                .cacheSubnetGroups(page.cut(rows).stream().map(this::described).toList())
                .marker(page.next(rows, SubnetGroup::id))
                .build();
    }

    /** A subnet in which a node lies cannot be taken out. */
    public ModifyCacheSubnetGroupResponse modify(ModifyCacheSubnetGroupRequest request) {
        SubnetGroup group = requireOwn(request.cacheSubnetGroupName());
        if (request.cacheSubnetGroupDescription() != null) {
            group = group.withDescription(
                    Checks.description(DESCRIPTION_PARAMETER, request.cacheSubnetGroupDescription()));
        }
        if (!request.subnetIds().isEmpty()) {
            group = group.withSubnets(subnets(request.subnetIds()));
            Set<String> zones = zones(group);
            for (CacheCluster cluster : group.users(context.handle())) {
                if (!zones.contains(cluster.availabilityZone())) {
                    throw Faults.subnetInUse(
                            "Cache cluster " + cluster.id() + " uses a subnet that the group would lose.");
                }
            }
        }
        return ModifyCacheSubnetGroupResponse.builder()
                .cacheSubnetGroup(described(SubnetGroup.TABLE.update(context.handle(), group)))
                .build();
    }

    public DeleteCacheSubnetGroupResponse delete(DeleteCacheSubnetGroupRequest request) {
        SubnetGroup group = requireOwn(request.cacheSubnetGroupName());
        if (!group.users(context.handle()).isEmpty()) {
            throw Faults.subnetGroupInUse(
                    "Cache subnet group " + group.id() + " is currently in use by a cache cluster.");
        }
        SubnetGroup.TABLE.delete(context.handle(), group.key().account(), group.key().region(), group.id());
        Tags.removeAll(context, group.arn());
        return DeleteCacheSubnetGroupResponse.builder().build();
    }

    /** The group of that name in any letter case. */
    SubnetGroup require(@Nullable String name) {
        String wanted = Checks.notBlank(NAME_PARAMETER, name).toLowerCase(Locale.ROOT);
        SubnetGroup group = SubnetGroup.find(context.handle(), context.key(wanted));
        if (group == null) {
            throw Faults.subnetGroupNotFound(wanted);
        }
        return group;
    }

    /** The zones in which the group has subnets. */
    static Set<String> zones(SubnetGroup group) {
        return group.subnets().stream().map(Network.Subnet::zone).collect(Collectors.toSet());
    }

    private List<SubnetGroup> after(Page page) {
        List<SubnetGroup> own = SubnetGroup.TABLE.select(context.handle(),
                "where account = ? and region = ? and id > ? order by id limit ?", context.caller().account(),
                context.caller().region(), page.after(), page.limit());
        return Stream.concat(own.stream(), Stream.of(SubnetGroup.defaultGroup(context.key(""))))
                .filter(group -> group.id().compareTo(page.after()) > 0)
                .sorted(Comparator.comparing(SubnetGroup::id)).limit(page.limit()).toList();
    }

    private SubnetGroup requireOwn(@Nullable String name) {
        SubnetGroup group = require(name);
        if (group.isDefault()) {
            throw Faults.invalidParameterValue("Cache subnet group default cannot be modified or deleted.");
        }
        return group;
    }

    private List<String> subnets(List<String> ids) {
        if (ids.isEmpty()) {
            throw Faults.invalidParameterValue("The parameter SubnetIds must be provided and must not be blank.");
        }
        int quota = context.options().quotas().subnetsPerGroup();
        List<String> distinct = ids.stream().distinct().toList();
        if (distinct.size() > quota) {
            throw Faults.subnetQuotaExceeded(quota);
        }
        Network network = Network.of(context.key(""));
        for (String id : distinct) {
            if (network.subnet(id) == null) {
                throw Faults.invalidSubnet("Subnet " + id + " does not exist. The subnets that there are: "
                        + network.subnets().stream().map(Network.Subnet::subnetId).collect(Collectors.joining(", ")));
            }
        }
        return distinct;
    }

    private CacheSubnetGroup described(SubnetGroup group) {
        return CacheSubnetGroup.builder()
                .cacheSubnetGroupName(group.id())
                .cacheSubnetGroupDescription(group.description())
                .vpcId(Network.of(group.key()).vpcId())
                .subnets(group.subnets().stream().map(subnet -> Subnet.builder()
                        .subnetIdentifier(subnet.subnetId())
                        .subnetAvailabilityZone(AvailabilityZone.builder().name(subnet.zone()).build())
                        .supportedNetworkTypes(NetworkType.IPV4)
                        .build()).toList())
                .supportedNetworkTypes(NetworkType.IPV4)
                .arn(group.arn())
                .build();
    }
}

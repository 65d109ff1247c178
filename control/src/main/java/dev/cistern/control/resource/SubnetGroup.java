package dev.cistern.control.resource;

import dev.cistern.control.state.Table;
import java.util.List;
import java.util.Objects;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A cache subnet group: subnets of one VPC in which a cluster's nodes may lie.
 *
 * <p>Every account has the group {@code default} of all its subnets; it is no row.
 *
 * @param subnetIds  by commas
 */
public record SubnetGroup(ResourceKey key, long version, String description, String subnetIds) {

    /** Its part of an Amazon Resource Name. */
    public static final String ARN_TYPE = "subnetgroup";

    /** The group that everybody has. */
    public static final String DEFAULT = "default";

    public static final Table<SubnetGroup> TABLE = Table.of(SubnetGroup.class, "subnet_group", "account", "region",
            "id");

    private static final String COMMA = ",";

    /** The group of that name in lower case. */
    public static @Nullable SubnetGroup find(Handle handle, ResourceKey key) {
        return key.id().equals(DEFAULT)
                ? defaultGroup(key)
                : TABLE.find(handle, key.account(), key.region(), key.id()).orElse(null);
    }

    /** The group that everybody has, in the account and region of {@code place}. */
    public static SubnetGroup defaultGroup(ResourceKey place) {
        return of(place.sibling(DEFAULT), "Default CacheSubnetGroup",
                Network.of(place).subnets().stream().map(Network.Subnet::subnetId).toList());
    }

    /** A new group. */
    public static SubnetGroup of(ResourceKey key, String description, List<String> subnets) {
        return new SubnetGroup(key, 0, description, String.join(COMMA, subnets));
    }

    public String id() {
        return key.id();
    }

    public String arn() {
        return key.arn(ARN_TYPE);
    }

    /** Whether it is the one that everybody has. */
    public boolean isDefault() {
        return key.id().equals(DEFAULT);
    }

    /** Its subnets, as they were given. */
    public List<Network.Subnet> subnets() {
        Network network = Network.of(key);
        return List.of(subnetIds.split(COMMA, -1)).stream()
                .map(id -> Objects.requireNonNull(network.subnet(id), id)).toList();
    }

    /** The clusters whose nodes lie in it, by id. */
    public List<CacheCluster> users(Handle handle) {
        return CacheCluster.TABLE.select(handle, "where account = ? and region = ? and subnet_group = ? order by id",
                key.account(), key.region(), key.id());
    }

    public SubnetGroup withDescription(String value) {
        return new SubnetGroup(key, version, value, subnetIds);
    }

    public SubnetGroup withSubnets(List<String> values) {
        return new SubnetGroup(key, version, description, String.join(COMMA, values));
    }
}

package dev.cistern.control.resource;

import dev.cistern.control.EndpointOptions;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Finds the address that an endpoint's name stands for, by the six letters in it that belong to one resource. */
public record NameLookup(EndpointOptions options) {

    private static final int HASH_LENGTH = 6;

    /** A name's parts before the region: at most these are looked at. */
    private static final int PARTS = 4;

    /** Empty when nothing that there is has that name. */
    public Optional<String> address(Handle handle, String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        List<String> parts = List.of(wanted.split("\\.", PARTS + 1));
        if (options.domain().isEmpty() || !wanted.endsWith("." + options.zoneOfNames())) {
            return Optional.empty();
        }
        return parts.stream().limit(PARTS).filter(part -> part.length() == HASH_LENGTH)
                .flatMap(hash -> address(handle, wanted, parts.getFirst(), hash).stream()).findFirst();
    }

    private Optional<String> address(Handle handle, String name, String first, String hash) {
        EndpointNames names = new EndpointNames(options);
        for (ReplicationGroup group : ReplicationGroup.TABLE.select(handle, "where hash = ?", hash)) {
            if (names.of(group).contains(name)) {
                return Optional.of(options.advertisedAddress());
            }
            CacheCluster member = CacheCluster.find(handle, group.key().sibling(first));
            if (member != null && group.id().equals(member.replicationGroupId())) {
                return addressOf(CacheNode.of(handle, member.key()).stream()
                        .filter(node -> names.of(group, node).contains(name)).findFirst());
            }
        }
        for (CacheCluster cluster : CacheCluster.TABLE.select(handle,
                "where hash = ? and replication_group_id is null", hash)) {
            if (names.configuration(cluster).equals(name)) {
                return Optional.of(options.advertisedAddress());
            }
            return addressOf(CacheNode.of(handle, cluster.key()).stream()
                    .filter(node -> names.node(cluster, node).equals(name)).findFirst());
        }
        return Optional.empty();
    }

    private Optional<String> addressOf(Optional<CacheNode> node) {
        return node.map(found -> options.advertised(found.bindAddress()));
    }
}

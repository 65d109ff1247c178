package dev.cistern.control.resource;

import dev.cistern.control.EndpointOptions;
import java.util.List;
import java.util.Map;

/**
 * The host names of endpoints, built as AWS builds them: clients look for {@code .cfg.} in one, and people for the cluster
 * and its node. Where no DNS knows such names every endpoint has an address instead, and its port tells them apart.
 *
 * <p>A group has other names when its connections are encrypted; those that it had before lead to it as well.
 */
public record EndpointNames(EndpointOptions options) {

    private static final Map<String, String> SHORT_WORDS = Map.of("northeast", "ne", "northwest", "nw", "southeast",
            "se",
            "southwest", "sw");

    // --- of clusters without a group ---

    /** The one that clients of a Memcached cluster ask for its nodes. */
    public String configuration(CacheCluster cluster) {
        return name(options.advertisedAddress(), cluster.key(), cluster.id(), cluster.hash(), "cfg");
    }

    /** A node of a cluster that has no group. */
    public String node(CacheCluster cluster, CacheNode node) {
        return name(options.advertised(node.bindAddress()), cluster.key(), cluster.id(), cluster.hash(),
                node.cacheNodeId());
    }

    // --- of replication groups ---

    public String primary(ReplicationGroup group, boolean isEncrypted) {
        return isEncrypted
                ? shared(group, "master", group.id(), group.hash())
                : shared(group, group.id(), group.hash(), "ng", NodeGroup.FIRST);
    }

    public String reader(ReplicationGroup group, boolean isEncrypted) {
        return isEncrypted
                ? shared(group, "replica", group.id(), group.hash())
                : shared(group, group.id() + "-ro", group.hash(), "ng", NodeGroup.FIRST);
    }

    /** The one of a group in cluster mode. */
    public String configuration(ReplicationGroup group, boolean isEncrypted) {
        return isEncrypted
                ? shared(group, "clustercfg", group.id(), group.hash())
                : shared(group, group.id(), group.hash(), "clustercfg");
    }

    public String member(ReplicationGroup group, CacheNode node, boolean isEncrypted) {
        String address = options.advertised(node.bindAddress());
        return isEncrypted
                ? name(address, group.key(), node.key().id(), group.id(), group.hash())
                : name(address, group.key(), node.key().id(), group.hash(), node.cacheNodeId());
    }

    /** All that a group is known by, whatever it is at the moment; nothing where there are no names. */
    public List<String> of(ReplicationGroup group) {
        return options.domain().isEmpty()
                ? List.of()
                : List.of(primary(group, false), primary(group, true), reader(group, false), reader(group, true),
                        configuration(group, false), configuration(group, true));
    }

    /** The same of one of its nodes. */
    public List<String> of(ReplicationGroup group, CacheNode node) {
        return options.domain().isEmpty() ? List.of() : List.of(member(group, node, false), member(group, node, true));
    }

    /** All that a node of a cluster without a group is known by. */
    public List<String> of(CacheCluster cluster, CacheNode node) {
        return options.domain().isEmpty() ? List.of() : List.of(configuration(cluster), node(cluster, node));
    }

    private String shared(ReplicationGroup group, String... parts) {
        return name(options.advertisedAddress(), group.key(), parts);
    }

    private String name(String address, ResourceKey key, String... parts) {
        return options.domain().isEmpty()
                ? address
                : String.join(".", parts) + "." + shortRegion(key.region()) + "." + options.zoneOfNames();
    }

    /** {@code use1} of us-east-1, {@code apse2} of ap-southeast-2. */
    static String shortRegion(String region) {
        String[] words = region.split("-", -1);
        StringBuilder code = new StringBuilder(words[0]);
        for (int i = 1; i < words.length; i++) {
            String word = words[i];
            code.append(word.isEmpty() ? "" : SHORT_WORDS.getOrDefault(word, word.substring(0, 1)));
        }
        return code.toString();
    }
}

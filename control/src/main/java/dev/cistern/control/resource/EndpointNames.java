package dev.cistern.control.resource;

import dev.cistern.control.EndpointOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The host names of endpoints, built as AWS builds them: clients look for {@code .cfg.} in one, and people for the cluster
 * and its node. Where no DNS knows such names every endpoint has the advertised address instead, and its port tells them
 * apart.
 */
public record EndpointNames(EndpointOptions options) {

    private static final Map<String, String> SHORT_WORDS = Map.of("northeast", "ne", "northwest", "nw", "southeast",
            "se",
            "southwest", "sw");

    /** The one that clients of a Memcached cluster ask for its nodes. */
    public String configuration(CacheCluster cluster) {
        return name(cluster, "cfg");
    }

    /** A node of a cluster that has no group. */
    public String node(CacheCluster cluster, CacheNode node) {
        return name(cluster, node.cacheNodeId());
    }

    /** By which a node of a Memcached cluster is reached beside its address. */
    public List<String> ofMemcached(CacheCluster cluster, CacheNode node) {
        List<String> names = new ArrayList<>();
        if (!options.domain().isEmpty()) {
            names.add(configuration(cluster));
            names.add(node(cluster, node));
        }
        return names;
    }

    private String name(CacheCluster cluster, String part) {
        return options.domain().isEmpty()
                ? options.advertisedAddress()
                : String.join(".", cluster.id(), cluster.hash(), part, shortRegion(cluster.key().region()), "cache",
                        options.domain());
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

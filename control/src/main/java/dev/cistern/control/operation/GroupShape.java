package dev.cistern.control.operation;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.NodeGroupConfiguration;

/**
 * Of how many node groups and nodes a new replication group is to be, and where its nodes are to lie, by AWS's rules.
 *
 * @param parts  by number
 */
record GroupShape(List<Part> parts) {

    static final int MAX_REPLICAS = 5;
    static final int SLOTS = 16_384;
    private static final Pattern NODE_GROUP_ID = Pattern.compile("\\d{1,4}");
    private static final Pattern SLOT_RANGE = Pattern.compile("(\\d{1,5})-(\\d{1,5})");
    private static final int MAX_NUMBER = 9_999;

    /**
     * One node group.
     *
     * @param slots  as ranges, in cluster mode alone
     * @param zones  one for each node, the primary's first; empty when any will do
     */
    record Part(String nodeGroupId, @Nullable String slots, int replicas, List<String> zones) {}

    static GroupShape of(CreateReplicationGroupRequest request, boolean isClustered) {
        List<NodeGroupConfiguration> wished = request.nodeGroupConfiguration();
        Integer counted = request.numNodeGroups();
        if (!wished.isEmpty() && counted != null && counted != wished.size()) {
            throw Faults.invalidParameterCombination(
                    "NumNodeGroups is %d, but NodeGroupConfiguration names %d node groups.", counted, wished.size());
        }
        int count = !wished.isEmpty() ? wished.size() : counted == null ? 1 : counted;
        if (count < 1) {
            throw Faults.invalidParameterValue("Invalid value %d for NumNodeGroups", count);
        }
        if (count > 1 && !isClustered) {
            throw Faults.invalidParameterCombination("More than one node group needs a cache parameter group with "
                    + "cluster-enabled, such as default.redis7.cluster.on.");
        }
        int replicas = replicas(request, count, isClustered);
        return new GroupShape(wished.isEmpty()
                ? even(count, replicas, zones(request, replicas), isClustered)
                : configured(wished, replicas, isClustered));
    }

    int nodes() {
        return parts.stream().mapToInt(part -> 1 + part.replicas()).sum();
    }

    /** How many replicas each node group gets unless its own configuration says otherwise. */
    private static int replicas(CreateReplicationGroupRequest request, int nodeGroups, boolean isClustered) {
        Integer clusters = request.numCacheClusters();
        Integer each = request.replicasPerNodeGroup();
        if (clusters == null) {
            return each == null ? 0 : checkedReplicas("ReplicasPerNodeGroup", each, each);
        }
        if (each != null && each + 1 != clusters) {
            throw Faults.invalidParameterCombination(
                    "NumCacheClusters and ReplicasPerNodeGroup cannot be used together.");
        }
        if (isClustered || nodeGroups > 1) {
            throw Faults.invalidParameterCombination("NumCacheClusters is only for replication groups with one node "
                    + "group and cluster mode disabled. Use NumNodeGroups and ReplicasPerNodeGroup.");
        }
        return checkedReplicas("NumCacheClusters", clusters, clusters - 1);
    }

    private static int checkedReplicas(String parameter, int said, int replicas) {
        if (replicas < 0 || replicas > MAX_REPLICAS) {
            throw Faults.invalidParameterValue("Invalid value %d for %s: a node group has 0 to %d replicas.", said,
                    parameter, MAX_REPLICAS);
        }
        return replicas;
    }

    private static List<String> zones(CreateReplicationGroupRequest request, int replicas) {
        List<String> zones = request.preferredCacheClusterAZs();
        if (!zones.isEmpty() && zones.size() != replicas + 1) {
            throw Faults
                    .invalidParameterCombination("When specifying preferred availability zones, the number of cache "
                            + "clusters must be specified and must match the number of preferred availability zones.");
        }
        return zones;
    }

    private static List<Part> even(int count, int replicas, List<String> zones, boolean isClustered) {
        List<String> slots = evenSlots(count);
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            parts.add(new Part(number(i + 1), isClustered ? slots.get(i) : null, replicas, zones));
        }
        return parts;
    }

    private static List<Part> configured(List<NodeGroupConfiguration> wished, int replicas, boolean isClustered) {
        boolean isSpread = wished.stream().anyMatch(part -> part.slots() != null);
        List<String> even = evenSlots(wished.size());
        Set<String> numbers = new HashSet<>();
        List<Part> parts = new ArrayList<>();
        for (NodeGroupConfiguration part : wished) {
            String number = part.nodeGroupId() == null ? number(parts.size() + 1) : checkedNumber(part.nodeGroupId());
            if (!numbers.add(number)) {
                throw Faults.invalidParameterValue("Node group %s is named twice.", number);
            }
            String slots = isClustered ? isSpread ? part.slots() : even.get(parts.size()) : null;
            int own = part.replicaCount() == null
                    ? Math.max(replicas, part.replicaAvailabilityZones().size())
                    : checkedReplicas("ReplicaCount", part.replicaCount(), part.replicaCount());
            parts.add(new Part(number, slots, own, zones(part, own)));
        }
        if (isSpread) {
            requireWhole(wished, isClustered);
        }
        return parts.stream().sorted((one, other) -> one.nodeGroupId().compareTo(other.nodeGroupId())).toList();
    }

    private static List<String> zones(NodeGroupConfiguration part, int replicas) {
        List<String> others = part.replicaAvailabilityZones();
        if (part.primaryAvailabilityZone() == null && others.isEmpty()) {
            return List.of();
        }
        if (part.primaryAvailabilityZone() == null || others.size() != replicas) {
            throw Faults
                    .invalidParameterCombination("When specifying preferred availability zones, the number of cache "
                            + "clusters must be specified and must match the number of preferred availability zones.");
        }
        List<String> zones = new ArrayList<>(List.of(part.primaryAvailabilityZone()));
        zones.addAll(others);
        return zones;
    }

    static String number(int number) {
        if (number > MAX_NUMBER) {
            throw new IllegalArgumentException("no node group has the number " + number);
        }
        return "%04d".formatted(number);
    }

    /** A node group's number as it is stored: with four digits. */
    static String checkedNumber(String text) {
        if (!NODE_GROUP_ID.matcher(text).matches() || Integer.parseInt(text) == 0) {
            throw Faults.invalidParameterValue("Invalid node group id: %s. Should have 1 to 4 digits.", text);
        }
        return number(Integer.parseInt(text));
    }

    /** The slots as AWS spreads them: the first ones get those that are left over. */
    static List<String> evenSlots(int count) {
        List<String> ranges = new ArrayList<>();
        int first = 0;
        for (int i = 0; i < count; i++) {
            int next = first + SLOTS / count + (i < SLOTS % count ? 1 : 0);
            ranges.add(first + "-" + (next - 1));
            first = next;
        }
        return ranges;
    }

    /** Every slot must belong to one node group. */
    private static void requireWhole(List<NodeGroupConfiguration> wished, boolean isClustered) {
        if (!isClustered) {
            throw Faults
                    .invalidParameterCombination("Slots are only for replication groups with cluster mode enabled.");
        }
        BitSet taken = new BitSet(SLOTS);
        for (NodeGroupConfiguration part : wished) {
            for (String range : Checks.notBlank("Slots", part.slots()).split(",", -1)) {
                take(taken, range.strip());
            }
        }
        if (taken.cardinality() != SLOTS) {
            throw Faults.invalidParameterValue("The slots of all node groups must cover 0-%d.", SLOTS - 1);
        }
    }

    private static void take(BitSet taken, String range) {
        Matcher matcher = SLOT_RANGE.matcher(range);
        int first = matcher.matches() ? Integer.parseInt(matcher.group(1)) : SLOTS;
        int last = matcher.matches() ? Integer.parseInt(matcher.group(2)) : SLOTS;
        if (first > last || last >= SLOTS) {
            throw Faults.invalidParameterValue("Invalid slots: %s. Should be ranges such as 0-3999.", range);
        }
        if (!taken.get(first, last + 1).isEmpty()) {
            throw Faults.invalidParameterValue("Slots %s belong to more than one node group.", range);
        }
        taken.set(first, last + 1);
    }
}

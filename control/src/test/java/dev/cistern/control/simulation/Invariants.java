package dev.cistern.control.simulation;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What holds at every moment, whatever happens; a violation ends the history. */
final class Invariants {

    private final World world;
    private final List<String> trace;
    private final Map<String, Set<Integer>> acknowledged = new HashMap<>();
    private final Map<String, Set<Integer>> byAll = new HashMap<>();
    private final boolean keepsAll;
    private int leaders;

    /** @param keepsAll  whether nothing may be lost that all replicas had acknowledged */
    Invariants(World world, List<String> trace, boolean keepsAll) {
        this.world = world;
        this.trace = trace;
        this.keepsAll = keepsAll;
    }

    /** The node group of a node, by its name: {@code g1} of g1-001-x2k9f1-0001, {@code g1-0002} of g1-0002-001-x2k9f1-0001. */
    static String shardOf(String nodeId) {
        String member = nodeId.replaceFirst("-[a-z0-9]{6}-\\d{4}.*$", "");
        return member.substring(0, member.lastIndexOf('-'));
    }

    private void violated(String what) {
        world.fail(new AssertionError(what));
    }

    void tell(String what) {
        trace.add("%,12.1f ms  %s".formatted(world.nanos() / 1e6 - 86_400_000, what));
    }

    void obeys(String nodeId, long before, long now) {
        if (now < before) {
            violated("the epoch of " + nodeId + " fell from " + before + " to " + now);
        }
    }

    /** A node has told a client that its write is done; {@code haveAll} when all replicas have it. */
    void acknowledged(SimNode node, int write, boolean haveAll) {
        String shard = node.shard();
        acknowledged.computeIfAbsent(shard, _ -> new TreeSet<>()).add(write);
        if (haveAll && keepsAll) {
            byAll.computeIfAbsent(shard, _ -> new TreeSet<>()).add(write);
        }
    }

    Set<Integer> acknowledged(String shard) {
        return acknowledged.getOrDefault(shard, Set.of());
    }

    Set<Integer> byAll(String shard) {
        return byAll.getOrDefault(shard, Set.of());
    }

    int leaders() {
        return leaders;
    }

    /** Who leads has all that every replica had, or nobody has it any more. */
    void leads(SimNode node, Collection<SimNode> running) {
        leaders++;
        String shard = node.shard();
        tell(node.id() + " leads by epoch " + node.epoch());
        for (int write : byAll(shard)) {
            if (!node.log().has(write)) {
                running.stream().filter(other -> other.shard().equals(shard) && other.log().has(write))
                        .findFirst().ifPresent(other -> violated(node.id() + " leads without write " + write
                                + ", which was acknowledged by all and which " + other.id() + " still has"));
            }
        }
    }

    /** A process ends; {@code isWished} when the control plane ended one that was well. */
    void ends(SimNode node, Collection<SimNode> others, boolean isWished) {
        String shard = node.shard();
        List<Integer> gone = new ArrayList<>();
        for (int write : byAll(shard)) {
            if (node.log().has(write) && others.stream().noneMatch(other -> other.log().has(write))) {
                gone.add(write);
            }
        }
        if (!gone.isEmpty() && isWished) {
            violated("the control plane ends " + node.id() + ", which alone has " + gone.size()
                    + " writes that all had acknowledged");
        }
        gone.forEach(byAll(shard)::remove);
    }

    /** After each event: nobody writes beside another one. */
    void check(Collection<SimNode> running) {
        SimNode former = null;
        for (SimNode node : running) {
            if (node.isPrimary() && node.epoch() > 0 && node.mayLead()) {
                if (former != null && former.shard().equals(node.shard())) {
                    violated("both " + former.id() + " (epoch " + former.epoch() + ") and " + node.id() + " (epoch "
                            + node.epoch() + ") may write");
                }
                former = node;
            }
        }
    }

    /** In the end who leads has what every replica had; with {@code isCalm}, all that was ever acknowledged. */
    void isWhole(SimNode primary, boolean isCalm) {
        String shard = primary.shard();
        for (int write : isCalm ? acknowledged(shard) : byAll(shard)) {
            if (!primary.log().has(write)) {
                violated("write " + write + " was acknowledged" + (isCalm ? "" : " by all") + ", and is lost on "
                        + primary.id());
                return;
            }
        }
    }
}

package dev.cistern.control.workflow;

import dev.cistern.control.node.NodeAdmin;
import dev.cistern.control.node.NodePlace;
import dev.cistern.control.node.NodeStanding;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.FailoverRow;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ResourceKey;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/** The steps by which a replica takes the place of a primary. */
record FailoverSteps(GroupSteps groups, Nodes nodes, Leases leases, Clock clock) {

    private static final Logger log = LoggerFactory.getLogger(FailoverSteps.class);

    private static final Duration LEAD_LIMIT = Duration.ofSeconds(10);
    private static final Duration LEASE_LIMIT = Duration.ofSeconds(20);

    /** Raises the epoch of the node group: from here on its primary is given no lease any more. Answers the epoch. */
    long raiseEpoch(Steps steps, ResourceKey group, String nodeGroupId, ResourceKey primary) {
        steps.commit("raise the epoch",
                handle -> NodeGroup.TABLE.update(handle, nodeGroup(handle, group, nodeGroupId).withNextEpoch()));
        long epoch = steps.read(handle -> nodeGroup(handle, group, nodeGroupId)).epoch();
        nodes.of(primary).forEach(node -> leases.refuseBelow(node.nodeId(), epoch));
        return epoch;
    }

    private static NodeGroup nodeGroup(Handle handle, ResourceKey group, String nodeGroupId) {
        return NodeGroup.TABLE.find(handle, group.account(), group.region(), group.id(), nodeGroupId).orElseThrow();
    }

    /** Stops the nodes of a member; from then on it is certain that they acknowledge nothing. */
    void end(Steps steps, ResourceKey member) {
        for (CacheNode node : nodes.of(member)) {
            steps.once("end " + member.id() + " " + node.cacheNodeId(), () -> nodes.stop(node));
        }
    }

    /** The same by force, for one that may not hear; whether it is certain. */
    boolean kill(Steps steps, ResourceKey member) {
        boolean hasEnded = true;
        for (CacheNode node : nodes.of(member)) {
            hasEnded &= steps.once("end " + member.id() + " " + node.cacheNodeId(), Boolean.class,
                    () -> nodes.kill(node));
        }
        return hasEnded;
    }

    /** Waits until nothing that the lost primary still does can be acknowledged. */
    void waitOutLease(Steps steps, ResourceKey group, String nodeGroupId, ResourceKey primary) {
        if (!steps.read(handle -> nodeGroup(handle, group, nodeGroupId)).leased()) {
            throw new IllegalStateException(primary.id() + " may still write, and needs no lease for it");
        }
        List<CacheNode> all = nodes.of(primary);
        steps.until("lease is over", LEASE_LIMIT,
                () -> all.stream().allMatch(node -> leases.isOver(node.nodeId())));
    }

    /** The same of replicas that did not answer: the lost one may have handed over to one of them. */
    private void waitOutHeirs(Steps steps, ResourceKey group, List<String> silent) {
        if (!silent.isEmpty()) {
            List<CacheNode> heirs = silent.stream().flatMap(id -> nodes.of(group.sibling(id)).stream()).toList();
            steps.until("no other leads", LEASE_LIMIT,
                    () -> heirs.stream().allMatch(node -> leases.isOver(node.nodeId())));
        }
    }

    /** What a replica said when it was asked: where it stands, and more if it takes orders. */
    private record Candidate(CacheCluster cluster, NodePlace place, @Nullable NodeStanding standing) {

        boolean hasData() {
            return standing == null ? !place.isPrimary() && place.offset() > 0 : standing.hasData();
        }

        boolean isBetterThan(Candidate other) {
            return (standing == null || other.standing == null)
                    ? place.offset() > other.place.offset()
                    : standing.isAheadOf(other.standing);
        }
    }

    /** The replica that is furthest in what the primary wrote; hopeless when all answer and none has any of it. */
    ResourceKey choose(Steps steps, ResourceKey group, String nodeGroupId, String primary) {
        return group.sibling(words(steps.once("choose a replica", String.class, () -> freshest(
                others(steps, group, nodeGroupId, primary), (node, admin) -> admin.orders().standing()))).getFirst());
    }

    /** The same, when the primary is lost: from then on none of them hears from it, and none leads that did not answer. */
    ResourceKey fenceAndChoose(Steps steps, ResourceKey group, String nodeGroupId, ResourceKey primary, long epoch) {
        List<CacheNode> lost = nodes.of(primary);
        List<String> chosenAndSilent = words(steps.once("choose a replica", String.class,
                () -> freshest(others(steps, group, nodeGroupId, primary.id()),
                        (_, admin) -> fence(admin, epoch, lost))));
        waitOutHeirs(steps, group, chosenAndSilent.subList(1, chosenAndSilent.size()));
        return group.sibling(chosenAndSilent.getFirst());
    }

    private static List<String> words(String text) {
        return List.of(text.split(" ", -1));
    }

    private @Nullable NodeStanding fence(NodeAdmin admin, long epoch, List<CacheNode> lost) {
        if (admin.orders().standing() == null) {
            return null;
        }
        NodeStanding fenced = admin.orders().fence(epoch);
        lost.forEach(each -> leases.hasLostReplica(each.nodeId(), fenced.silentMillis()));
        return fenced;
    }

    /** The best one, and after it those that did not answer. */
    private String freshest(List<CacheCluster> replicas,
            BiFunction<CacheNode, NodeAdmin, @Nullable NodeStanding> question) {
        List<Candidate> candidates = ask(replicas, question);
        Candidate best = null;
        for (Candidate candidate : candidates) {
            if (candidate.hasData() && (best == null || candidate.isBetterThan(best))) {
                best = candidate;
            }
        }
        if (best != null) {
            List<String> words = new ArrayList<>(List.of(best.cluster.id()));
            replicas.stream().filter(replica -> candidates.stream().noneMatch(each -> each.cluster.equals(replica)))
                    .forEach(replica -> words.add(replica.id()));
            return String.join(" ", words);
        }
        if (candidates.size() == replicas.size()) {
            throw new HopelessException("no replica has what the primary wrote");
        }
        throw new IllegalStateException("no replica answers that has what the primary wrote");
    }

    /** Those that answer, asked side by side: one that does not keeps nobody waiting for the others. */
    private List<Candidate> ask(List<CacheCluster> replicas,
            BiFunction<CacheNode, NodeAdmin, @Nullable NodeStanding> question) {
        List<Callable<Optional<Candidate>>> questions = new ArrayList<>();
        for (CacheCluster replica : replicas) {
            CacheNode node = nodes.of(replica.key()).getFirst();
            questions.add(() -> Optional.ofNullable(nodes.ifAnswering(node,
                    admin -> new Candidate(replica, admin.place(), question.apply(node, admin)))));
        }
        List<Candidate> candidates = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Optional<Candidate>> answer : threads.invokeAll(questions)) {
                answer.get().ifPresent(candidates::add);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
        return candidates;
    }

    /** The members of the node group without this one. */
    private static List<CacheCluster> others(Steps steps, ResourceKey group, String nodeGroupId, String without) {
        return steps.read(handle -> CacheCluster.membersOf(handle, group)).stream()
                .filter(member -> nodeGroupId.equals(member.nodeGroupId()) && !member.id().equals(without))
                .filter(member -> !member.is(CacheClusterStatus.DELETING))
                .toList();
    }

    /** Has the replica lead, and waits until it says so. */
    void promote(Steps steps, ResourceKey replica) {
        CacheNode node = nodes.of(replica).getFirst();
        // Told each time: it may have been started anew since, and then is what the rows still say.
        steps.untilSoon("leads " + replica.id(), LEAD_LIMIT, () -> nodes.promote(node));
    }

    void becomePrimary(Handle handle, ResourceKey group, String nodeGroupId, String former, String chosen) {
        NodeGroup.TABLE.update(handle, nodeGroup(handle, group, nodeGroupId).withPrimary(chosen));
        String text = "Failover from primary node " + former + " to replica node " + chosen + " completed";
        groups.events().clusterEvent(handle, group.sibling(chosen), text);
        groups.events().groupEvent(handle, group, text);
    }

    void record(Handle handle, ResourceKey group, String nodeGroupId, boolean isTest) {
        new FailoverRow(group, nodeGroupId, clock.millis(), isTest).insert(handle);
    }

    /** Has the other members follow the new primary. One that does not answer is told when it does again. */
    void repoint(Steps steps, ResourceKey group, String nodeGroupId, String former) {
        // The new primary as well: one that was started anew since it was promoted is what the rows said then.
        for (CacheCluster member : others(steps, group, nodeGroupId, former)) {
            CacheNode node = nodes.of(member.key()).getFirst();
            steps.once("repoint " + member.id(), () -> tellRole(node));
        }
    }

    private void tellRole(CacheNode node) {
        try {
            if (nodes.isRunning(node)) {
                nodes.assumeRole(node);
            }
        } catch (JedisException e) {
            log.warn("node {} does not hear whom to follow; it is told again", node.nodeId(), e);
        }
    }

    /** The member's node is wanted and away: the keeper recovers it, as what the rows say that it is by then. */
    void leaveToKeeper(Handle handle, ResourceKey member) {
        become(handle, member, CacheNodeStatus.AVAILABLE);
    }

    /** The same for one that is still primary by the rows, and that the keeper would not touch otherwise. */
    void startAsItWas(Handle handle, ResourceKey member) {
        become(handle, member, CacheNodeStatus.REBOOTING);
    }

    private static void become(Handle handle, ResourceKey member, CacheNodeStatus status) {
        for (CacheNode node : CacheNode.of(handle, member)) {
            if (node.status() == CacheNodeStatus.LOST) {
                CacheNode.TABLE.update(handle, node.withStatus(status));
            }
        }
    }

    /** From here on the keeper leaves the member's nodes alone; false if somebody else has to do with them. */
    static boolean takeFromKeeper(Handle handle, @Nullable CacheCluster member) {
        if (member == null) {
            return false;
        }
        List<CacheNode> all = CacheNode.of(handle, member.key());
        boolean areFree = all.stream().allMatch(node -> node.wanted() && node.status() == CacheNodeStatus.AVAILABLE);
        if (areFree) {
            all.forEach(node -> CacheNode.TABLE.update(handle, node.withStatus(CacheNodeStatus.LOST)));
        }
        return areFree;
    }
}

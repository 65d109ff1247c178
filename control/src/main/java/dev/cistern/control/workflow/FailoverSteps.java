package dev.cistern.control.workflow;

import dev.cistern.control.node.Lineage;
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
import java.util.function.BooleanSupplier;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/** The steps by which a replica takes the place of a primary. */
record FailoverSteps(GroupSteps groups, Nodes nodes, Leases leases, Clock clock) {

    private static final Logger log = LoggerFactory.getLogger(FailoverSteps.class);

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

    /** Stops the nodes of a member that has handed over, unless nobody leads in its stead by now: it may have the data. */
    void end(Steps steps, ResourceKey group, String nodeGroupId, ResourceKey member) {
        for (CacheNode node : nodes.of(member)) {
            steps.once("end " + member.id() + " " + node.cacheNodeId(), () -> {
                ResourceKey primary = group.sibling(
                        steps.read(handle -> nodeGroup(handle, group, nodeGroupId)).primaryClusterId());
                if (!primary.equals(member) && leads(primary)) {
                    nodes.stop(node);
                }
            });
        }
    }

    private boolean leads(ResourceKey member) {
        NodePlace place = nodes.placeIfAnswering(nodes.of(member).getFirst());
        return place != null && place.isPrimary();
    }

    /** Ends the nodes of a member by force, as one that may not hear; whether it is certain that it acknowledges nothing. */
    boolean kill(Steps steps, ResourceKey member) {
        boolean hasEnded = true;
        for (CacheNode node : nodes.of(member)) {
            hasEnded &= steps.once("end " + member.id() + " " + node.cacheNodeId(), Boolean.class,
                    () -> nodes.kill(node));
        }
        return hasEnded;
    }

    /** Waits until nothing that the lost primary still does can be acknowledged; one that needs no lease has to end. */
    void waitOutLease(Steps steps, ResourceKey group, String nodeGroupId, ResourceKey primary) {
        boolean isLeased = steps.read(handle -> nodeGroup(handle, group, nodeGroupId)).leased();
        List<CacheNode> all = nodes.of(primary);
        steps.until("lease is over", LEASE_LIMIT, () -> all.stream()
                .allMatch(node -> isLeased ? leases.isOver(node.nodeId()) : nodes.kill(node)));
    }

    /** The same of replicas that did not answer: the lost one may have handed over to one of them. */
    private void waitOutHeirs(Steps steps, ResourceKey group, String occasion, List<String> silent) {
        if (!silent.isEmpty()) {
            List<CacheNode> heirs = silent.stream().flatMap(id -> nodes.of(group.sibling(id)).stream()).toList();
            steps.until("no other leads" + occasion, LEASE_LIMIT,
                    () -> heirs.stream().allMatch(node -> leases.isOver(node.nodeId())));
        }
    }

    /** What a replica said when it was asked: where it stands, and more if it takes orders. */
    private record Candidate(CacheCluster cluster, NodePlace place, @Nullable NodeStanding standing) {

        boolean hasData() {
            return standing == null ? place.hasData() : standing.hasData();
        }

        boolean isLoading() {
            return standing != null && standing.isLoading();
        }

        Lineage lineage() {
            return standing == null ? place.lineage() : standing.lineage();
        }
    }

    /** The replica that is furthest in what the primary wrote; hopeless when none that answers has any of it. */
    ResourceKey choose(Steps steps, ResourceKey group, String nodeGroupId, String primary) {
        String history = steps.read(handle -> nodeGroup(handle, group, nodeGroupId)).history();
        return group.sibling(words(steps.once("choose a replica", String.class, () -> freshest(
                others(steps, group, nodeGroupId, primary), history, () -> true,
                (node, admin) -> admin.orders().standing()))).getFirst());
    }

    /** The same, when the primary is lost: from then on none of them hears from it, and none leads that did not answer. */
    ResourceKey fenceAndChoose(Steps steps, ResourceKey group, String nodeGroupId, ResourceKey primary, long epoch,
            String occasion) {
        List<CacheNode> lost = nodes.of(primary);
        String history = steps.read(handle -> nodeGroup(handle, group, nodeGroupId)).history();
        List<String> chosenAndSilent = words(steps.once("choose a replica" + occasion, String.class,
                () -> freshest(others(steps, group, nodeGroupId, primary.id()), history,
                        () -> lost.stream().anyMatch(nodes::isRunning), (_, admin) -> fence(admin, epoch, lost))));
        waitOutHeirs(steps, group, occasion, chosenAndSilent.subList(1, chosenAndSilent.size()));
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

    /**
     * The best one, and after it those that did not answer.
     *
     * @param history   the history in which the primary was last seen writing
     * @param mayGoOn   whether the primary may still run: it is waited for rather than for who does not answer
     */
    private String freshest(List<CacheCluster> replicas, String history, BooleanSupplier mayGoOn,
            BiFunction<CacheNode, NodeAdmin, @Nullable NodeStanding> question) {
        List<Candidate> candidates = ask(replicas, question);
        Candidate best = null;
        for (Candidate candidate : candidates) {
            if (candidate.hasData()
                    && (best == null || candidate.lineage().isAheadOf(best.lineage(), history))) {
                best = candidate;
            }
        }
        if (best != null) {
            List<String> words = new ArrayList<>(List.of(best.cluster.id()));
            replicas.stream().filter(replica -> candidates.stream().noneMatch(each -> each.cluster.equals(replica)))
                    .forEach(replica -> words.add(replica.id()));
            return String.join(" ", words);
        }
        boolean isCertain = candidates.size() == replicas.size() || mayGoOn.getAsBoolean();
        if (isCertain && candidates.stream().noneMatch(Candidate::isLoading)) {
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

    /** Has the replica lead; false if it has nothing to lead with any more. */
    boolean promote(Steps steps, ResourceKey replica, String occasion) {
        CacheNode node = nodes.of(replica).getFirst();
        return steps.once("leads " + replica.id() + occasion, Boolean.class, () -> {
            // It may have been started anew since, and then is what the rows still say, and empty.
            if (!nodes.mayHaveData(node)) {
                return false;
            }
            if (!nodes.promote(node)) {
                throw new IllegalStateException("node " + node.nodeId() + " does not lead yet");
            }
            return true;
        });
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

    /**
     * The member's node is wanted, and away perhaps: the keeper recovers it, as what the rows say that it is by then. One that
     * is primary and has ended is the sentry's again as long as a replica may have the data.
     */
    void leaveToKeeper(Handle handle, ResourceKey member) {
        for (CacheNode node : CacheNode.of(handle, member)) {
            if (node.status() == CacheNodeStatus.LOST) {
                CacheNode.TABLE.update(handle, node.withStatus(CacheNodeStatus.AVAILABLE));
            }
        }
    }

    /** From here on the keeper leaves the member's nodes alone; false if somebody else has to do with them. */
    static boolean takeFromKeeper(Handle handle, @Nullable CacheCluster member) {
        if (member == null) {
            return false;
        }
        List<CacheNode> all = CacheNode.of(handle, member.key());
        boolean areFree = all.stream().allMatch(Post::isFree);
        if (areFree) {
            all.forEach(node -> CacheNode.TABLE.update(handle, node.withStatus(CacheNodeStatus.LOST)));
        }
        return areFree;
    }
}

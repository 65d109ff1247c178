package dev.cistern.control.workflow;

import dev.cistern.control.node.NodeAdmin;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.state.Database;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Renews the leases of primaries, twice a second, and gives those one without end that need none any more.
 *
 * <p>One virtual thread goes round, and each primary is told on one of its own: one that does not answer keeps nobody else
 * waiting. When the control plane is away, replicas keep their primary's lease going; a primary whose replica is away as
 * well stops, since that one might have been promoted.
 */
final class LeaseRounds implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LeaseRounds.class);

    private static final Duration ROUND = Duration.ofMillis(100);
    private static final long READ_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long RENEW_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

    private final Database database;
    private final Nodes nodes;
    private final Leases leases;
    private final Rest rest;
    private final LongSupplier nanos;
    private final Map<String, Long> askedNanos = new HashMap<>();
    private final Set<String> busy = ConcurrentHashMap.newKeySet();
    /** Those that need no lease, and know it. */
    private final Set<String> released = ConcurrentHashMap.newKeySet();
    private List<Post> posts = List.of();
    private long readNanos;
    private @Nullable Thread rounds;

    /** @param nanos a clock that never goes back */
    LeaseRounds(Database database, Nodes nodes, Leases leases, Rest rest, LongSupplier nanos) {
        this.database = database;
        this.nodes = nodes;
        this.leases = leases;
        this.rest = rest;
        this.nanos = nanos;
    }

    void open() {
        readNanos = nanos.getAsLong() - READ_NANOS;
        rounds = Thread.ofVirtual().name("leases").start(this::goRoundUntilClosed);
    }

    @Override
    public void close() {
        rest.close();
        Thread thread = rounds;
        if (thread != null) {
            try {
                thread.join(CLOSE_LIMIT);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void goRoundUntilClosed() {
        try {
            while (!rest.isClosed()) {
                tryRound();
                rest.pause(ROUND);
            }
        } catch (Rest.ClosingException e) {
            // The end.
        }
    }

    /** One that fails is followed by a pause as any other. */
    private void tryRound() {
        try {
            goRound(nanos.getAsLong());
        } catch (Rest.ClosingException e) {
            throw e;
        } catch (RuntimeException e) {
            log.error("a round of leases failed; the next one follows", e);
        }
    }

    private void goRound(long now) {
        if (now - readNanos >= READ_NANOS) {
            readNanos = now;
            posts = database.read(Post::all);
            Set<String> present = posts.stream().flatMap(post -> post.replicas().stream()).map(node -> node.nodeId())
                    .collect(Collectors.toSet());
            posts.forEach(post -> present.add(post.primary().nodeId()));
            leases.retain(present);
            askedNanos.keySet().retainAll(present);
            released.retainAll(present);
        }
        for (Post post : posts) {
            String id = post.primary().nodeId();
            Long asked = askedNanos.get(id);
            boolean isDue = asked == null || now - asked >= RENEW_NANOS;
            boolean isSettled = !post.leadership().isLeased() && released.contains(id);
            if (isDue && !isSettled && post.primary().status() != CacheNodeStatus.LOST && busy.add(id)) {
                askedNanos.put(id, now);
                Thread.ofVirtual().name("lease-" + id).start(() -> renewOnce(post));
            }
        }
    }

    private void renewOnce(Post post) {
        String id = post.primary().nodeId();
        try {
            renew(post, id);
        } catch (JedisException | NodeRuntimeException | IllegalStateException e) {
            log.debug("node {} hears nothing of its lease; it is told again", id, e);
        } catch (RuntimeException e) {
            log.warn("the lease of node {} cannot be renewed; it is tried again", id, e);
        } finally {
            busy.remove(id);
        }
    }

    private void renew(Post post, String id) {
        boolean isLeased = post.leadership().isLeased();
        if (!isLeased && post.nodeGroup().leased()) {
            // Before it can write without one.
            post.update(database, row -> row.withLeased(false));
        }
        NodeAdmin admin = nodes.adminIfRunning(post.primary());
        if (admin == null) {
            return;
        }
        if (isLeased) {
            released.remove(id);
            boolean isGiven = post.group().is(ReplicationGroupStatus.AVAILABLE)
                    ? leases.give(id, admin.orders(), post.leadership())
                    : leases.giveUnlessHandedOver(id, admin.orders(), post.leadership());
            if (isGiven) {
                if (!post.nodeGroup().leased()) {
                    post.update(database, row -> row.withLeased(true));
                }
                post.noteHistory(database, leases.historyOf(id));
            }
        } else if (Roles.release(leases, id, admin.orders(), post.leadership())) {
            released.add(id);
        }
    }
}

package dev.cistern.control.workflow;

import dev.cistern.control.node.NodePlace;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.FailoverRow;
import dev.cistern.control.state.Database;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the primaries of groups, and has a lost one failed over; without automatic failover only one that has ended, whose
 * replicas have what it had.
 *
 * <p>One virtual thread looks round ten times a second and asks the runtime whether primaries run; a few threads ask the
 * nodes themselves, twice a second. What follows from what is known, {@link Verdict} says. Restarts nothing: that is the
 * keeper's, which leaves a lost primary to this class ({@link #guards}).
 */
final class Sentry implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Sentry.class);

    private static final Duration ROUND = Duration.ofMillis(100);
    private static final long READ_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long ASK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    /** After so long a round the control plane itself stood still: what it has not heard says nothing. */
    private static final long STOOD_STILL_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** A primary that is told of its lease is asked only when that has not worked for so long. */
    private static final long QUIET_MILLIS = 750;
    private static final int THREADS = 4;
    private static final int CLOSE_SECONDS = 10;

    private final Database database;
    private final Nodes nodes;
    private final Workflows workflows;
    private final Leases leases;
    private final Clock clock;
    private final Rest rest;
    private final LongSupplier nanos;
    private final ExecutorService askers = Executors.newFixedThreadPool(THREADS,
            Thread.ofVirtual().name("sentry-", 0).factory());
    private final Map<String, Long> heardNanos = new ConcurrentHashMap<>();
    private final Map<String, Long> askedNanos = new ConcurrentHashMap<>();
    private final Alarms alarms;
    private List<Post> posts = List.of();
    private long readNanos;
    private long roundNanos;
    private @Nullable Thread rounds;

    /** @param nanos a clock that never goes back, by which silence is measured */
    Sentry(Database database, Nodes nodes, Workflows workflows, Leases leases, Alarms alarms, Clock clock, Rest rest,
            LongSupplier nanos) {
        this.database = database;
        this.nodes = nodes;
        this.workflows = workflows;
        this.leases = leases;
        this.alarms = alarms;
        this.clock = clock;
        this.rest = rest;
        this.nanos = nanos;
    }

    void open() {
        readNanos = nanos.getAsLong() - READ_NANOS;
        roundNanos = nanos.getAsLong();
        rounds = Thread.ofVirtual().name("sentry").start(this::lookRoundUntilClosed);
    }

    @Override
    public void close() {
        rest.close();
        Thread thread = rounds;
        try {
            if (thread != null) {
                thread.join(Duration.ofSeconds(CLOSE_SECONDS));
            }
            askers.shutdown();
            if (!askers.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                log.warn("a node is still being asked");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void lookRoundUntilClosed() {
        while (!rest.isClosed()) {
            try {
                rest.pause(ROUND);
                lookRound(nanos.getAsLong());
            } catch (Rest.ClosingException e) {
                return;
            } catch (RuntimeException e) {
                log.error("a round of the sentry failed; the next one follows", e);
            }
        }
    }

    private void lookRound(long now) {
        if (now - roundNanos > STOOD_STILL_NANOS) {
            heardNanos.clear();
        }
        roundNanos = now;
        if (now - readNanos >= READ_NANOS) {
            readNanos = now;
            posts = database.read(Post::all).stream().filter(Post::isWatched).toList();
            Set<String> primaries = posts.stream().map(post -> post.primary().nodeId()).collect(Collectors.toSet());
            heardNanos.keySet().retainAll(primaries);
            alarms.retain(primaries);
        }
        List<Post> silent = new ArrayList<>();
        for (Post post : posts) {
            if (!nodes.isRunning(post.primary())) {
                judge(post, new Verdict.Facts(true, 0, views(post), 0, 0, 0));
            } else if (post.group().hasAutomaticFailover()
                    && silentMillis(post, now) >= Verdict.SUSPICIOUS_MILLIS) {
                silent.add(post);
            } else {
                alarms.calm(post, now);
                ask(post, now);
            }
        }
        judgeSilent(silent, now);
    }

    private long silentMillis(Post post, long now) {
        long heard = heardNanos.computeIfAbsent(post.primary().nodeId(), _ -> now);
        long given = leases.givenNanos(post.primary().nodeId(), heard);
        return TimeUnit.NANOSECONDS.toMillis(now - (given - heard > 0 ? given : heard));
    }

    /** Asks the primary, unless it was asked a moment ago, or heard of its lease by then. */
    private void ask(Post post, long now) {
        String id = post.primary().nodeId();
        if (silentMillis(post, now) < QUIET_MILLIS && leases.givenNanos(id, Long.MIN_VALUE) != Long.MIN_VALUE) {
            return;
        }
        Long asked = askedNanos.get(id);
        if (asked != null && now - asked < ASK_NANOS) {
            return;
        }
        askedNanos.put(id, now);
        askers.execute(() -> {
            NodePlace place = nodes.placeIfAnswering(post.primary());
            if (place != null) {
                heardNanos.put(id, nanos.getAsLong());
                if (place.isPrimary()) {
                    post.noteHistory(database, place.history());
                }
            }
        });
    }

    private void judgeSilent(List<Post> silent, long now) {
        if (silent.isEmpty()) {
            return;
        }
        List<List<@Nullable NodePlace>> views = silent.stream().map(this::views).toList();
        int asked = posts.size() + views.stream().mapToInt(List::size).sum();
        int lost = silent.size()
                + (int) views.stream().flatMap(List::stream).filter(place -> place == null).count();
        for (int i = 0; i < silent.size(); i++) {
            Post post = silent.get(i);
            long since = clock.millis() - lastFailoverMillis(post);
            judge(post, new Verdict.Facts(false, silentMillis(post, now), views.get(i), lost, asked, since));
            ask(post, nanos.getAsLong());
        }
    }

    /** When it was last failed over; what is known of a deleted group of the same name is not this one's. */
    private long lastFailoverMillis(Post post) {
        long last = database.read(handle -> FailoverRow.lastMillis(handle, post.group().key(),
                post.nodeGroup().nodeGroupId()));
        return last < post.group().createdAtMillis() ? 0 : last;
    }

    /** What the replicas say of themselves, asked side by side. */
    private List<@Nullable NodePlace> views(Post post) {
        List<Callable<@Nullable NodePlace>> questions = new ArrayList<>();
        post.members().forEach(replica -> questions.add(() -> nodes.placeIfAnswering(replica)));
        List<@Nullable NodePlace> views = new ArrayList<>();
        try {
            for (Future<@Nullable NodePlace> answer : askers.invokeAll(questions)) {
                views.add(answer.get());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
        return views;
    }

    private void judge(Post post, Verdict.Facts facts) {
        Verdict verdict = Verdict.of(facts);
        if (verdict == Verdict.FAIL_OVER) {
            // The rows may say by now that it is not to run any more.
            if (workflows.failOver(post.group().key(), post.nodeGroup().nodeGroupId(), post.primary().key())) {
                log.warn("primary {} is lost ({}): a replica takes its place", post.primary().nodeId(),
                        facts.hasEnded() ? "it has ended" : "silent for " + facts.silentMillis() + " ms");
            }
            alarms.forget(post.primary());
            readNanos -= READ_NANOS;
        } else if (verdict != Verdict.WAIT) {
            alarms.raise(post, facts.why(verdict), nanos.getAsLong());
        }
    }

    /** Whether the node is a primary that has ended while replicas may have what it had: it is not to be started as it was. */
    boolean guards(CacheNode node) {
        return Post.isFree(node) && !nodes.isRunning(node) && nodes.replicasMayHaveData(node);
    }
}

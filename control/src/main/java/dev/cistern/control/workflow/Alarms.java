package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.state.Database;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of primaries that are out of sight and left alone, because somebody should look after them: once when it lasts, and
 * once when it is over.
 *
 * <p>What is over sooner is not told, and one that comes and goes is told once. Kept in memory: a control plane that is
 * started anew tells of what it finds then. One thread.
 */
final class Alarms {

    private static final Logger log = LoggerFactory.getLogger(Alarms.class);

    static final long LASTING_NANOS = TimeUnit.SECONDS.toNanos(3);
    static final long OVER_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Database database;
    private final EventLog events;
    private final Map<String, Alarm> alarms = new HashMap<>();

    private record Alarm(long sinceNanos, long lastNanos, boolean isTold) {}

    Alarms(Database database, EventLog events) {
        this.database = database;
        this.events = events;
    }

    /** The primary is out of sight, and nothing is done about it, for that reason. */
    void raise(Post post, String reason, long nowNanos) {
        String id = post.primary().nodeId();
        Alarm known = alarms.getOrDefault(id, new Alarm(nowNanos, nowNanos, false));
        boolean isLasting = nowNanos - known.sinceNanos >= LASTING_NANOS;
        if (isLasting && !known.isTold) {
            log.error("primary {} does not answer; nothing is done: {}", id, reason);
            tell(post, "Primary node %s does not answer. Nothing is done about it, because " + reason);
        }
        alarms.put(id, new Alarm(known.sinceNanos, nowNanos, known.isTold || isLasting));
    }

    /** It answers. */
    void calm(Post post, long nowNanos) {
        String id = post.primary().nodeId();
        Alarm known = alarms.get(id);
        if (known == null || (known.isTold && nowNanos - known.lastNanos < OVER_NANOS)) {
            return;
        }
        alarms.remove(id);
        if (known.isTold) {
            log.info("primary {} answers again", id);
            tell(post, "Primary node %s answers again");
        }
    }

    /** Something is done about it, and told of. */
    void forget(CacheNode primary) {
        alarms.remove(primary.nodeId());
    }

    /** All others are no primaries any more. */
    void retain(Set<String> primaries) {
        alarms.keySet().retainAll(primaries);
    }

    private void tell(Post post, String text) {
        String message = text.formatted(post.primary().key().id());
        database.run(handle -> {
            events.clusterEvent(handle, post.primary().key(), message);
            events.groupEvent(handle, post.group().key(), message);
        });
    }
}

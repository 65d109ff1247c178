package dev.cistern.samples.lab;

import io.lettuce.core.api.sync.RedisCommands;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A shopper's session on two application servers: once in each server's own memory, once as a hash in the cache that
 * expires when nobody comes for a while. Only the latter outlives a server. One run at a time.
 */
final class SessionExperiment {

    private static final int EXPIRES_SECONDS = 1_800;

    private final RedisCommands<String, String> cache;

    SessionExperiment(RedisCommands<String, String> cache) {
        this.cache = cache;
    }

    /** What a request found in either basket. */
    record Step(String server, String event, int inOwnMemory, int inCache) {}

    /** The steps, and how long the session has still to live. */
    record Outcome(List<Step> steps, long secondsLeft) {}

    /** An application server with a memory of its own, and the cache. */
    private final class Server {

        private final String name;
        private final Map<String, Integer> memory = new HashMap<>();

        Server(String name) {
            this.name = name;
        }

        Step addToBasket(String session, String event) {
            int own = memory.merge(session, 1, Integer::sum);
            long shared = cache.hincrby(keyOf(session), "basket", 1);
            cache.expire(keyOf(session), EXPIRES_SECONDS);
            return new Step(name, event, own, (int) shared);
        }

        Step restart(String session) {
            memory.clear();
            String basket = cache.hget(keyOf(session), "basket");
            return new Step(name, "is restarted with a new version", 0, basket == null ? 0 : Integer.parseInt(basket));
        }
    }

    private static String keyOf(String session) {
        return Lab.PREFIX + "session:" + session;
    }

    synchronized Outcome run() {
        String session = UUID.randomUUID().toString();
        Server one = new Server("server 1");
        Server two = new Server("server 2");
        List<Step> steps = new ArrayList<>();
        steps.add(one.addToBasket(session, "Ann puts a book into her basket"));
        steps.add(one.addToBasket(session, "and a pen"));
        steps.add(two.addToBasket(session, "the balancer sends her elsewhere: a lamp"));
        steps.add(one.restart(session));
        steps.add(one.addToBasket(session, "Ann comes back: a cup"));
        long left = cache.ttl(keyOf(session));
        cache.del(keyOf(session));
        return new Outcome(steps, left);
    }
}

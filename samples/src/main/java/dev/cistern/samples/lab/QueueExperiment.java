package dev.cistern.samples.lab;

import io.lettuce.core.LMoveArgs;
import io.lettuce.core.SetArgs;
import io.lettuce.core.api.sync.RedisCommands;
import java.util.ArrayList;
import java.util.List;

/**
 * A queue that loses nothing when a worker dies: an item is moved, in one step, to a list of what that worker has in
 * hand, and removed from there when it is done. A worker says that it lives by a key that expires; when it is gone, what
 * was in its hand goes back to the front of the queue. One run at a time.
 */
final class QueueExperiment {

    private static final String QUEUE = Lab.PREFIX + "queue";
    private static final String DONE = QUEUE + ":done";
    private static final int ITEMS = 6;
    private static final int ALIVE_MILLIS = 200;

    private final RedisCommands<String, String> cache;
    private final List<Moment> moments = new ArrayList<>();

    QueueExperiment(RedisCommands<String, String> cache) {
        this.cache = cache;
    }

    /** All lists after something happened; the next item to be taken is the first. */
    record Moment(String event, List<String> waiting, List<String> anna, List<String> bert, List<String> done) {}

    synchronized List<Moment> run() throws InterruptedException {
        cache.del(QUEUE, DONE, inHand("anna"), inHand("bert"), alive("anna"), alive("bert"));
        moments.clear();
        for (int number = 1; number <= ITEMS; number++) {
            cache.lpush(QUEUE, "item " + number);
        }
        note("six items wait");
        take("anna");
        take("bert");
        finish("anna");
        take("anna");
        note("Anna's process is killed with an item in hand");
        while (cache.exists(alive("anna")) > 0) {
            Thread.sleep(ALIVE_MILLIS / 4);
        }
        finish("bert");
        recover("anna");
        while (cache.llen(QUEUE) > 0) {
            take("bert");
            finish("bert");
        }
        return List.copyOf(moments);
    }

    private static String inHand(String worker) {
        return QUEUE + ":in-hand:" + worker;
    }

    private static String alive(String worker) {
        return QUEUE + ":alive:" + worker;
    }

    private void take(String worker) {
        cache.set(alive(worker), "yes", SetArgs.Builder.px(ALIVE_MILLIS));
        String item = cache.lmove(QUEUE, inHand(worker), LMoveArgs.Builder.rightLeft());
        note(worker + " takes " + item);
    }

    private void finish(String worker) {
        String item = cache.lmove(inHand(worker), DONE, LMoveArgs.Builder.leftLeft());
        note(worker + " has done " + item);
    }

    /** Newest first, each to the front: so the oldest is next, and the order is kept. */
    private void recover(String worker) {
        if (cache.exists(alive(worker)) == 0) {
            while (cache.llen(inHand(worker)) > 0) {
                cache.lmove(inHand(worker), QUEUE, LMoveArgs.Builder.leftRight());
            }
            note(worker + " no longer lives: what she had in hand is next");
        }
    }

    private void note(String event) {
        moments.add(new Moment(event, cache.lrange(QUEUE, 0, -1).reversed(), cache.lrange(inHand("anna"), 0, -1), cache
                .lrange(inHand("bert"), 0, -1), cache.lrange(DONE, 0, -1).reversed()));
    }
}

package dev.cistern.engine.cluster;

import dev.cistern.engine.dispatch.NodeLoop;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Waits until each loop of a node has ended what it was doing: a command that began before is over then.
 *
 * <p>Not to be called on a loop, nor with a stripe in hand.
 */
final class LoopBarrier {

    private LoopBarrier() {}

    /** False if some loop did not come round in time, for a script that goes on and on. */
    static boolean await(List<NodeLoop> loops, long timeoutMillis) throws InterruptedException {
        CountDownLatch passed = new CountDownLatch(loops.size());
        loops.forEach(loop -> loop.execute(() -> pass(loop, passed)));
        return passed.await(timeoutMillis, TimeUnit.MILLISECONDS);
    }

    private static void pass(NodeLoop loop, CountDownLatch passed) {
        if (!loop.isServingOthers()) {
            passed.countDown();
        } else if (passed.getCount() > 0) {
            // In the middle of a script: that one is not over.
            loop.execute(() -> pass(loop, passed));
        }
    }
}

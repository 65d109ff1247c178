package dev.cistern.engine.pubsub;

import java.util.concurrent.atomic.AtomicIntegerArray;

/** How many sessions of each loop listen to one name. Counted by the loops; read by any thread. */
final class Audience {
    private final ChannelName name;
    private final AtomicIntegerArray byLoop;

    Audience(ChannelName name, int loops) {
        this.name = name;
        this.byLoop = new AtomicIntegerArray(loops);
    }

    ChannelName name() {
        return name;
    }

    void count(int loop, int difference) {
        byLoop.addAndGet(loop, difference);
    }

    int on(int loop) {
        return byLoop.get(loop);
    }

    int total() {
        int sum = 0;
        for (int i = 0; i < byLoop.length(); i++) {
            sum += byLoop.get(i);
        }
        return sum;
    }
}

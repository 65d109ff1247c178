package dev.cistern.engine.memcached;

import dev.cistern.store.Bytes;
import dev.cistern.store.Items;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.StoreListener;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts the items that went without being asked to: expired or evicted, and whether anybody had fetched them. Called by
 * the store, on whatever thread is in it, under the item's stripe.
 */
final class Removals implements StoreListener {
    private final SizeClasses sizeClasses;
    private final Watchers watchers;
    private final LongAdder expired = new LongAdder();
    private final LongAdder expiredUnfetched = new LongAdder();
    private final LongAdder evicted = new LongAdder();
    private final LongAdder evictedUnfetched = new LongAdder();
    private final LongAdder evictedActive = new LongAdder();
    /** Of what expired, what was found by walking and not by a request. */
    private final AtomicLong foundByWalk = new AtomicLong();
    private final AtomicLongArray evictedOfClass = new AtomicLongArray(SizeClasses.MAX_CLASSES);
    private final AtomicLongArray evictedWithDeadline = new AtomicLongArray(SizeClasses.MAX_CLASSES);
    private final AtomicLongArray idleSecondsOfLast = new AtomicLongArray(SizeClasses.MAX_CLASSES);

    Removals(SizeClasses sizeClasses, Watchers watchers) {
        this.sizeClasses = sizeClasses;
        this.watchers = watchers;
    }

    @Override
    public void removing(Keyspace keyspace, long entry, KeyEvent event) {
        boolean fetched = Items.is(entry, Items.FETCHED);
        if (event == KeyEvent.EXPIRED) {
            expired.increment();
            if (!fetched) {
                expiredUnfetched.increment();
            }
        } else {
            evict(keyspace, entry, fetched);
        }
    }

    private void evict(Keyspace keyspace, long entry, boolean fetched) {
        evicted.increment();
        if (!fetched) {
            evictedUnfetched.increment();
        }
        if (Items.is(entry, Items.ACTIVE)) {
            evictedActive.increment();
        }
        int length = Items.dataLength(entry);
        int sizeClass = sizeClasses.classOf(sizeClasses.itemBytes(Items.keyLength(entry), Items.flags(entry), length));
        long deadline = keyspace.deadlineMillis(entry);
        long idleSeconds = keyspace.idleSeconds(entry);
        evictedOfClass.incrementAndGet(sizeClass);
        idleSecondsOfLast.set(sizeClass, idleSeconds);
        if (deadline != Keyspace.NO_DEADLINE) {
            evictedWithDeadline.incrementAndGet(sizeClass);
        }
        if (watchers.wants(Watchers.EVICTIONS)) {
            long secondsLeft = deadline == Keyspace.NO_DEADLINE ? -1 : (deadline - keyspace.nowMillis()) / 1000;
            watchers.tellEviction(keyspace.readKey(entry, new Bytes()), fetched, secondsLeft, idleSeconds, sizeClass,
                    length);
        }
    }

    void countFoundByWalk(long items) {
        foundByWalk.addAndGet(items);
    }

    long expired() {
        return expired.sum();
    }

    long foundByWalk() {
        return foundByWalk.get();
    }

    long expiredUnfetched() {
        return expiredUnfetched.sum();
    }

    long evicted() {
        return evicted.sum();
    }

    long evictedUnfetched() {
        return evictedUnfetched.sum();
    }

    long evictedActive() {
        return evictedActive.sum();
    }

    long evictedOfClass(int sizeClass) {
        return evictedOfClass.get(sizeClass);
    }

    long evictedWithDeadline(int sizeClass) {
        return evictedWithDeadline.get(sizeClass);
    }

    /** For how many seconds nobody had asked for the item of this class that was evicted last. */
    long idleSecondsOfLast(int sizeClass) {
        return idleSecondsOfLast.get(sizeClass);
    }

    void reset() {
        expired.reset();
        expiredUnfetched.reset();
        evicted.reset();
        evictedUnfetched.reset();
        evictedActive.reset();
        foundByWalk.set(0);
        for (int i = 0; i < SizeClasses.MAX_CLASSES; i++) {
            evictedOfClass.set(i, 0);
            evictedWithDeadline.set(i, 0);
            idleSecondsOfLast.set(i, 0);
        }
    }
}

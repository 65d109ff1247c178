package dev.cistern.engine.memcached;

import dev.cistern.store.Bytes;
import dev.cistern.store.Items;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.StoreListener;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts the items that went without being asked to: expired or evicted, and whether anybody had fetched them. Called by
 * the store, on whatever thread is in it, under the item's stripe.
 */
final class Removals implements StoreListener {
    private final SizeClasses sizeClasses;
    private final Watchers watchers;
    /** Of what expired, what was found by walking and not by a request. */
    private final AtomicLong foundByWalk = new AtomicLong();
    private final AtomicLongArray expired = new AtomicLongArray(SizeClasses.MAX_CLASSES);
    private final AtomicLongArray expiredUnfetched = new AtomicLongArray(SizeClasses.MAX_CLASSES);
    private final AtomicLongArray evicted = new AtomicLongArray(SizeClasses.MAX_CLASSES);
    private final AtomicLongArray evictedUnfetched = new AtomicLongArray(SizeClasses.MAX_CLASSES);
    private final AtomicLongArray evictedActive = new AtomicLongArray(SizeClasses.MAX_CLASSES);
    private final AtomicLongArray evictedWithDeadline = new AtomicLongArray(SizeClasses.MAX_CLASSES);
    private final AtomicLongArray idleSecondsOfLast = new AtomicLongArray(SizeClasses.MAX_CLASSES);

    Removals(SizeClasses sizeClasses, Watchers watchers) {
        this.sizeClasses = sizeClasses;
        this.watchers = watchers;
    }

    @Override
    public void removing(Keyspace keyspace, long entry, KeyEvent event) {
        boolean fetched = Items.is(entry, Items.FETCHED);
        int length = Items.dataLength(entry);
        int sizeClass = sizeClasses.classOf(sizeClasses.itemBytes(Items.keyLength(entry), Items.flags(entry), length));
        if (event == KeyEvent.EXPIRED) {
            expired.incrementAndGet(sizeClass);
            if (!fetched) {
                expiredUnfetched.incrementAndGet(sizeClass);
            }
        } else {
            evict(keyspace, entry, fetched, sizeClass, length);
        }
    }

    private void evict(Keyspace keyspace, long entry, boolean fetched, int sizeClass, int length) {
        evicted.incrementAndGet(sizeClass);
        if (!fetched) {
            evictedUnfetched.incrementAndGet(sizeClass);
        }
        if (Items.is(entry, Items.ACTIVE)) {
            evictedActive.incrementAndGet(sizeClass);
        }
        long deadline = keyspace.deadlineMillis(entry);
        long idleSeconds = keyspace.idleSeconds(entry);
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

    private static long sum(AtomicLongArray ofClasses) {
        long sum = 0;
        for (int i = 0; i < ofClasses.length(); i++) {
            sum += ofClasses.get(i);
        }
        return sum;
    }

    long expired() {
        return sum(expired);
    }

    long expiredOfClass(int sizeClass) {
        return expired.get(sizeClass);
    }

    long foundByWalk() {
        return foundByWalk.get();
    }

    long expiredUnfetched() {
        return sum(expiredUnfetched);
    }

    long expiredUnfetchedOfClass(int sizeClass) {
        return expiredUnfetched.get(sizeClass);
    }

    long evicted() {
        return sum(evicted);
    }

    long evictedOfClass(int sizeClass) {
        return evicted.get(sizeClass);
    }

    long evictedUnfetched() {
        return sum(evictedUnfetched);
    }

    long evictedUnfetchedOfClass(int sizeClass) {
        return evictedUnfetched.get(sizeClass);
    }

    long evictedActive() {
        return sum(evictedActive);
    }

    long evictedActiveOfClass(int sizeClass) {
        return evictedActive.get(sizeClass);
    }

    long evictedWithDeadline(int sizeClass) {
        return evictedWithDeadline.get(sizeClass);
    }

    /** For how many seconds nobody had asked for the item of this class that was evicted last. */
    long idleSecondsOfLast(int sizeClass) {
        return idleSecondsOfLast.get(sizeClass);
    }

    void reset() {
        foundByWalk.set(0);
        for (int i = 0; i < SizeClasses.MAX_CLASSES; i++) {
            expired.set(i, 0);
            expiredUnfetched.set(i, 0);
            evicted.set(i, 0);
            evictedUnfetched.set(i, 0);
            evictedActive.set(i, 0);
            evictedWithDeadline.set(i, 0);
            idleSecondsOfLast.set(i, 0);
        }
    }
}

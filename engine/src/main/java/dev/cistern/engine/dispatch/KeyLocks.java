package dev.cistern.engine.dispatch;

import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Store;
import java.util.Arrays;

/**
 * Takes the stripes of a request's keys in ascending order, each once, and gives them back.
 *
 * <p>That order is the whole of the lock order: no other lock is taken while stripes are held, and nobody who holds a
 * stripe asks for a lower one. One per node and loop; the loop's thread only. Reentrant in one way: while all stripes
 * are held, nothing more is taken.
 */
final class KeyLocks {
    private static final int USUAL_KEYS = 64;

    private final Store store;
    private int[] stripes = new int[USUAL_KEYS];
    private int count;
    private Request noted = new Request();
    /** Made once: a lambda that captures the request would be an object per command. */
    private final KeySpec.Visitor noteKey = index -> note(noted.key(index));
    private boolean holdsAll;

    KeyLocks(Store store) {
        this.store = store;
    }

    /** Takes the stripe of one key and answers which it is. */
    int lock(Bytes key) {
        int stripe = store.stripeOf(key);
        store.lock(stripe);
        return stripe;
    }

    void unlock(int stripe) {
        store.unlock(stripe);
    }

    /** Takes the stripes that the command's row asks for. */
    void lockAll(Command command, Request request) {
        count = 0;
        holdsAll = command.is(Flag.ALL_STRIPES);
        if (holdsAll) {
            store.lockAll();
            return;
        }
        noted = request;
        command.eachKey(request, noteKey);
        sortAndDeduplicate();
        for (int i = 0; i < count; i++) {
            store.lock(stripes[i]);
        }
    }

    private void note(Bytes key) {
        int stripe = store.stripeOf(key);
        if (count == stripes.length) {
            stripes = Arrays.copyOf(stripes, count * 2);
        }
        stripes[count++] = stripe;
    }

    private void sortAndDeduplicate() {
        if (count < 2) {
            return;
        }
        Arrays.sort(stripes, 0, count);
        int kept = 1;
        for (int i = 1; i < count; i++) {
            if (stripes[i] != stripes[i - 1]) {
                stripes[kept++] = stripes[i];
            }
        }
        count = kept;
    }

    void unlockAll() {
        if (holdsAll) {
            store.unlockAll();
        }
        for (int i = count - 1; i >= 0; i--) {
            store.unlock(stripes[i]);
        }
        count = 0;
        holdsAll = false;
    }
}

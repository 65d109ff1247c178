package dev.cistern.engine.dispatch;

import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Store;
import java.util.Arrays;

/**
 * Takes the stripes of a request's keys in ascending order, each once, and gives them back.
 *
 * <p>Taking throws what a busy node answers when a script holds on to a stripe for so long that others are told.
 *
 * <p>That order is the whole of the lock order: no other lock is taken while stripes are held, and nobody who holds a
 * stripe asks for a lower one. One per node and loop; the loop's thread only. Not reentrant: what runs inside a
 * {@link Unit} takes nothing, but asks whether what it needs is held.
 */
final class KeyLocks {
    private static final int USUAL_KEYS = 64;

    private final Store store;
    private final BusyScript busyScript;
    private int[] stripes = new int[USUAL_KEYS];
    private int count;
    private Request noted = new Request();
    /** Made once: a lambda that captures the request would be an object per command. */
    private final KeySpec.Visitor noteKey = index -> note(noted.key(index));
    private final KeySpec.Visitor checkKey = index -> check(noted.key(index));
    private final Command.SpecVisitor noteSpecKey = (_, index) -> note(noted.key(index));
    private boolean holdsAll;
    private boolean waits;
    private boolean uncovered;

    KeyLocks(Store store, BusyScript busyScript) {
        this.store = store;
        this.busyScript = busyScript;
    }

    /** Takes the stripe of one key and answers which it is. */
    int lock(Bytes key) {
        int stripe = store.stripeOf(key);
        if (waits) {
            store.lock(stripe);
        } else if (!store.lockUnlessBusy(stripe)) {
            throw busyScript.refusal();
        }
        return stripe;
    }

    /** Whether it waits, however long others hold stripes. */
    void waitsForScripts(boolean value) {
        waits = value;
    }

    void unlock(int stripe) {
        store.unlock(stripe);
    }

    /** Takes the stripes that the command's row asks for. */
    void lockAll(Command command, Request request) {
        holdsAll = command.is(Flag.ALL_STRIPES) && !KeyFinder.tellsAllKeys(command, request);
        if (!holdsAll) {
            noted = request;
            KeyFinder.eachKey(command, request, noteSpecKey);
        }
        lockNoted();
    }

    /** A request's keys are among those that {@link #lockNoted} will lock; all, if they cannot be told beforehand. */
    void note(Command command, Request request) {
        if (command.needsAllStripesInUnit()) {
            holdsAll = true;
        } else {
            noteKeys(command, request);
        }
    }

    /** The keys that its arguments tell are among those that {@link #lockNoted} will lock. */
    void noteKeys(Command command, Request request) {
        noted = request;
        command.eachKey(request, noteKey);
    }

    /** Takes the stripes that were noted. */
    void lockNoted() {
        boolean locked;
        if (holdsAll) {
            count = 0;
            locked = lockEvery();
        } else {
            sortAndDeduplicate();
            locked = lockThese();
        }
        if (!locked) {
            forget();
            throw busyScript.refusal();
        }
    }

    private boolean lockEvery() {
        if (waits) {
            store.lockAll();
            return true;
        }
        return store.lockAllUnlessBusy();
    }

    private boolean lockThese() {
        if (waits) {
            store.lock(stripes, count);
            return true;
        }
        return store.lockUnlessBusy(stripes, count);
    }

    /** Whether what was noted asks for all stripes. */
    boolean willHoldAll() {
        return holdsAll;
    }

    /** What was noted will not be run. */
    void forget() {
        count = 0;
        holdsAll = false;
    }

    /** Whether the stripes that a request needs are held already. */
    boolean cover(Command command, Request request) {
        if (holdsAll) {
            return true;
        }
        if (command.needsAllStripesInUnit()) {
            return false;
        }
        uncovered = false;
        noted = request;
        command.eachKey(request, checkKey);
        return !uncovered;
    }

    /** Takes all stripes on top of those that are held; only for an open unit. */
    void escalate() {
        store.escalate();
        holdsAll = true;
        count = 0;
    }

    /** A key is among those that {@link #lockNoted} will lock. */
    void note(Bytes key) {
        int stripe = store.stripeOf(key);
        if (count == stripes.length) {
            stripes = Arrays.copyOf(stripes, count * 2);
        }
        stripes[count++] = stripe;
    }

    private void check(Bytes key) {
        uncovered |= !store.isHeldByMe(store.stripeOf(key));
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
        forget();
    }
}

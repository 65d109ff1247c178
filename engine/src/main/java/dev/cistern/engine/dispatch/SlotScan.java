package dev.cistern.engine.dispatch;

import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Store;

/**
 * The slot of all keys of a request, or of all that a transaction has queued, and whether these keys are there.
 *
 * <p>One per node and loop, the loop's thread only; its answers hold until the next question. Allocates nothing.
 */
public final class SlotScan {
    /** The request has no key. */
    public static final int NONE = -1;

    private final Store store;
    private final Command.SpecVisitor noteKey = (_, index) -> note(index);
    private final Command.SpecVisitor lookUpKey = (_, index) -> lookUp(index);
    private Request request = new Request();
    private Session session;
    private int slot;
    private boolean crosses;
    private int keys;
    private int missing;

    @SuppressWarnings("NullAway") // the session is given with each question
    SlotScan(Store store) {
        this.store = store;
    }

    /** Looks at a request's keys; for EXEC at those of what is queued. */
    public void scan(Session asking, Command command, Request asked) {
        session = asking;
        slot = NONE;
        crosses = false;
        keys = 0;
        eachKey(command, asked, noteKey);
    }

    /** Counts which of the keys are there; takes their stripe unless it is held. */
    public void lookUp(Command command, Request asked) {
        missing = 0;
        int stripe = store.stripeOfSlot(slot);
        boolean held = store.isHeldByMe(stripe);
        if (!held) {
            store.lock(stripe);
        }
        try {
            eachKey(command, asked, lookUpKey);
        } finally {
            if (!held) {
                store.unlock(stripe);
            }
        }
    }

    private void eachKey(Command command, Request asked, Command.SpecVisitor visitor) {
        if (!command.is(Flag.RUNS_QUEUED)) {
            eachKeyOf(command, asked, visitor);
        } else if (session.isInTransaction()) {
            session.transaction().eachQueued((queued, theirs) -> eachKeyOf(queued, theirs, visitor));
        }
    }

    private void eachKeyOf(Command command, Request asked, Command.SpecVisitor visitor) {
        request = asked;
        if (command.is(Flag.PUBSUB)) {
            // Shard channels are no keys, but have a slot as keys do.
            for (int i = 0; i < command.keySpecs().size(); i++) {
                command.keySpecs().get(i).eachIn(asked, visitor);
            }
        } else if (command.hasKeys()) {
            KeyFinder.eachKey(command, asked, visitor);
        }
    }

    private void note(int index) {
        int its = store.slotOf(request.key(index));
        keys++;
        if (slot == NONE) {
            slot = its;
        } else if (slot != its) {
            crosses = true;
        }
    }

    private void lookUp(int index) {
        Bytes key = request.key(index);
        long entry = session.keyspace(0).find(key, Keyspace.NO_TOUCH | Keyspace.NO_STATS | Keyspace.EVEN_EXPIRED);
        if (entry == Keyspace.ABSENT || session.keyspace(0).isExpired(entry)) {
            missing++;
        }
    }

    /** The first key's slot, or {@link #NONE}. */
    public int slot() {
        return slot;
    }

    /** Whether the keys are in several slots. */
    public boolean crosses() {
        return crosses;
    }

    public int keys() {
        return keys;
    }

    /** Keys that are not there. */
    public int missing() {
        return missing;
    }
}

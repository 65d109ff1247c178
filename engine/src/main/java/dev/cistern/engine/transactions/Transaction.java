package dev.cistern.engine.transactions;

import dev.cistern.engine.acl.AclLog;
import dev.cistern.engine.acl.Denial;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.dispatch.Unit;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.QueuedRequests;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import java.util.ArrayList;
import java.util.List;

/**
 * What one session queued since MULTI, and the keys that it watches.
 *
 * <p>Made when the session first asks for either, and reused. Its session's loop's thread only, but for {@link #touch},
 * which whoever changes a watched key calls while holding the key's stripe.
 */
public final class Transaction {
    private static final int ALL = -1;

    private static final CommandException ABORTED = CommandException.of(
            "EXECABORT Transaction discarded because of previous errors.");

    private static final String RULES_CHANGED = "NOPERM ACLs rules changed between the moment the transaction was "
            + "accumulated and the EXEC call. This command is no longer allowed for the following reason: ";

    private final Session session;
    private final QueuedRequests queue = new QueuedRequests();
    private final List<Command> commands = new ArrayList<>();
    private final List<WatchedKeys.Watch> watches = new ArrayList<>();
    private final Request request = new Request();
    private int flags;
    private int commonFlags = ALL;
    private int databaseAtEnd = -1;
    private boolean spoiled;
    /** A watched key was changed. */
    private volatile boolean touched;

    public Transaction(Session session) {
        this.session = session;
    }

    // --- the queue ---

    /**
     * Copies a request, to be run by EXEC; the flags are what it does. One that cannot succeed any more takes no memory.
     */
    public void add(Command command, Request queued, int its) {
        if (!spoiled && !touched) {
            queue.add(queued);
            commands.add(command);
            flags |= its;
            commonFlags &= its;
            if (command.name().equals("select")) {
                noteSelect(queued);
            }
        }
    }

    /** A request was refused instead of being queued: EXEC will refuse, too. */
    public void spoil() {
        spoiled = true;
    }

    private void noteSelect(Request select) {
        try {
            databaseAtEnd = (int) select.longAt(1, 0, Integer.MAX_VALUE, CommandException.DB_OUT_OF_RANGE);
        } catch (CommandException refusedLater) {
            // SELECT itself will say so.
        }
    }

    /** The database that will be selected when all that is queued has run. */
    public int databaseAtEnd() {
        return databaseAtEnd < 0 ? session.database() : databaseAtEnd;
    }

    /** Sees a queued command with its request. */
    public interface QueuedVisitor {
        void queued(Command command, Request request);
    }

    /** Shows what is queued, in its order. */
    public void eachQueued(QueuedVisitor visitor) {
        for (int i = 0; i < commands.size(); i++) {
            queue.read(i, request);
            visitor.queued(commands.get(i), request);
        }
    }

    /** Flags that each of the queued commands has; all, if there is none. */
    public int commonFlags() {
        return commonFlags;
    }

    /** All flags of the queued commands. */
    public int flags() {
        return flags;
    }

    public int queuedCommands() {
        return commands.size();
    }

    /** Memory that the queue takes. */
    public long queuedBytes() {
        return queue.heldBytes();
    }

    /** Forgets what was queued, and stops watching. */
    public void discard() {
        queue.clear();
        commands.clear();
        flags = 0;
        commonFlags = ALL;
        databaseAtEnd = -1;
        spoiled = false;
        unwatch();
    }

    /**
     * Runs the queue as one unit and answers an array of replies, or the null array if a watched key was touched. Throws
     * EXECABORT if a request had been refused. However it ends, the transaction is empty then.
     */
    public void execute(Reply reply) {
        try {
            if (spoiled) {
                throw ABORTED;
            }
            Unit unit = session.loop().unit();
            noteStripes(unit);
            unit.begin();
            try {
                execute(unit, reply);
            } finally {
                unit.end();
            }
        } finally {
            discard();
        }
    }

    private void noteStripes(Unit unit) {
        for (int i = 0; i < commands.size(); i++) {
            queue.read(i, request);
            unit.note(commands.get(i), request);
        }
        for (WatchedKeys.Watch watch : watches) {
            unit.note(watch.key());
        }
    }

    private void execute(Unit unit, Reply reply) {
        if (touched || hasExpired()) {
            reply.nullArray();
            return;
        }
        // Its own changes are none of those that it watches for.
        unwatch();
        reply.array(commands.size());
        for (int i = 0; i < commands.size(); i++) {
            queue.read(i, request);
            Denial denial = session.denial(commands.get(i), request, AclLog.Context.MULTI, session.database());
            if (denial == null) {
                unit.run(session, commands.get(i), request, reply);
            } else {
                refuse(denial, reply);
            }
        }
    }

    /** Rights were taken away since the command was queued. */
    private void refuse(Denial denial, Reply reply) {
        CommandException error = CommandException.of(RULES_CHANGED + denial.reason());
        session.node().errors().count(error.code());
        reply.error(error);
    }

    // --- watched keys ---

    /** Watches a key of the selected database, whose stripe is held. */
    public void watch(Bytes key) {
        int database = session.database();
        if (touched || watches.stream().anyMatch(watch -> watch.isOn(database, key))) {
            return;
        }
        watches.add(session.node().watchedKeys().watch(this, database, key, isExpired(database, key)));
    }

    private boolean isExpired(int database, Bytes key) {
        Keyspace keyspace = session.keyspace(database);
        long entry = keyspace.find(key, Keyspace.NO_TOUCH | Keyspace.NO_STATS | Keyspace.EVEN_EXPIRED);
        return entry != Keyspace.ABSENT && keyspace.isExpired(entry);
    }

    /** Whether a watched key's time ran out though nobody has deleted it yet. Its stripes are held. */
    private boolean hasExpired() {
        for (WatchedKeys.Watch watch : watches) {
            if (!watch.wasExpired() && isExpired(watch.database(), watch.key())) {
                return true;
            }
        }
        return false;
    }

    public int watchedKeys() {
        return watches.size();
    }

    /** Stops watching, whatever happened to the keys. */
    public void unwatch() {
        for (int i = 0; i < watches.size(); i++) {
            session.node().watchedKeys().unwatch(watches.get(i));
        }
        watches.clear();
        touched = false;
    }

    /** A watched key was changed. Any thread that holds its stripe. */
    void touch() {
        touched = true;
    }

    /** The session ends: gives everything back. */
    public void close() {
        discard();
        queue.close();
    }
}

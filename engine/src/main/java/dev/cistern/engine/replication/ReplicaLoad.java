package dev.cistern.engine.replication;

import dev.cistern.engine.dispatch.Condition;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.persistence.Persistence;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.scripting.Scripts;
import dev.cistern.store.DetachedKeys;
import dev.cistern.store.Store;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts a primary's snapshot in the place of all that a replica has. On a thread of its own; one at a time. */
final class ReplicaLoad {
    private static final Logger LOG = LoggerFactory.getLogger(ReplicaLoad.class);

    private final Replication replication;
    private final Node node;

    ReplicaLoad(Replication replication) {
        this.replication = replication;
        this.node = replication.node();
    }

    /** Says whether it worked. Clients are told meanwhile that data are being loaded. */
    boolean load(SnapshotReceiver snapshot, String history, long offset) {
        node.set(Condition.LOADING, true);
        List<DetachedKeys> old = new ArrayList<>();
        try {
            replication.endFollowers();
            node.appendOnly().suspend();
            Persistence.Loaded loaded = loadAlone(snapshot, history, offset, old);
            Scripts.of(node).restoreLibraries(loaded.libraries());
            return true;
        } catch (IOException | RuntimeException e) {
            LOG.error("node {}: the primary's snapshot cannot be loaded", node.identity().name(), e);
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            node.set(Condition.LOADING, false);
            node.appendOnly().resume();
            old.forEach(DetachedKeys::close);
        }
    }

    private Persistence.Loaded loadAlone(SnapshotReceiver snapshot, String history, long offset,
            List<DetachedKeys> old) throws IOException {
        Store store = node.store();
        store.lockAll();
        try {
            for (int database = 0; database < store.databases(); database++) {
                old.add(store.detach(database));
            }
            Persistence.Loaded loaded = node.persistence().loadFrom(snapshot.path());
            replication.streamDatabase(databaseOf(loaded));
            replication.log().adopt(history, offset);
            return loaded;
        } finally {
            store.unlockAll();
        }
    }

    private static int databaseOf(Persistence.Loaded loaded) {
        try {
            return Math.max(0, Integer.parseInt(loaded.facts().getOrDefault("repl-stream-db", "0")));
        } catch (NumberFormatException e) {
            throw CommandException.of("ERR repl-stream-db is no number");
        }
    }
}

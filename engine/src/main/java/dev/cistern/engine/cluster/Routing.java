package dev.cistern.engine.cluster;

import java.util.BitSet;
import java.util.Map;

/**
 * All that decides where a request runs, as of one moment. Immutable; a change makes another.
 *
 * @param migrating slots of ours that are being handed over key by key, with the id of the node that gets them
 * @param importing slots that are being handed over to us, with the id of the node that has them
 * @param held slots on which commands wait
 * @param unresolved slots that another node was told to take and has not said whether it did
 */
record Routing(Topology topology, Map<Integer, String> migrating, Map<Integer, String> importing, BitSet held,
        BitSet unresolved, boolean coversAll) {

    static Routing of(Topology topology) {
        return new Routing(topology, Map.of(), Map.of(), new BitSet(), new BitSet(), topology.slotsOf(
                Topology.NOBODY).isEmpty());
    }

    Routing with(Topology changed) {
        return new Routing(changed, migrating, importing, held, unresolved,
                changed.slotsOf(Topology.NOBODY).isEmpty());
    }

    Routing withMigrating(Map<Integer, String> changed) {
        return new Routing(topology, Map.copyOf(changed), importing, held, unresolved, coversAll);
    }

    Routing withImporting(Map<Integer, String> changed) {
        return new Routing(topology, migrating, Map.copyOf(changed), held, unresolved, coversAll);
    }

    Routing withHeld(BitSet changed) {
        return new Routing(topology, migrating, importing, changed, unresolved, coversAll);
    }

    Routing withUnresolved(BitSet changed) {
        return new Routing(topology, migrating, importing, held, changed, coversAll);
    }

    boolean isReplica() {
        return !topology.me().isPrimary();
    }

    /** Whether this node's shard has the slot. */
    boolean isMine(int slot) {
        return topology.shardOf(slot) == topology.myShard();
    }
}

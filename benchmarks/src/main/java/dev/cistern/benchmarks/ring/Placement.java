package dev.cistern.benchmarks.ring;

/** A client's rule for which of {@code nodes} nodes, numbered from 0, has a key. */
interface Placement {

    String name();

    /** The rule for a cluster of so many nodes. */
    Choice among(int nodes);

    /** The rule for one cluster. */
    interface Choice {
        int nodeOf(byte[] key);
    }
}

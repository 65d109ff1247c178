package dev.cistern.app.process;

import dev.cistern.control.node.NodeSpec;
import java.io.IOException;
import java.util.List;

/** A server that can be a node: says how it is started as one. Any thread. */
interface Program {

    /**
     * Puts into the node's folder what the server reads at its start, and answers its command line, on which nothing secret
     * stands. {@link dev.cistern.control.node.NodeRuntimeException} when this machine cannot run it.
     */
    List<String> prepare(NodeSpec spec) throws IOException;

    /** {@link dev.cistern.control.node.NodeRuntimeException} when this machine has no such server. */
    default void requireInstalled() {}

    /** Says to the server, now that it listens, what could not be said before. */
    default void begun(NodeSpec spec) {}

    /**
     * Rules such as {@code -config} with which every user of the node has to end, because the server itself keeps nothing
     * from its clients; none for one that does.
     */
    default List<String> lastRules(NodeSpec spec) {
        return List.of();
    }
}

package dev.cistern.control.node;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A way to run nodes: in this JVM, as child processes, on other machines.
 *
 * <p>It decides nothing: which node should run, and with what, comes as a {@link NodeSpec}. Every method can be called
 * again after a crash with the same arguments and leads to the same state. Calls for different nodes may come at once from
 * many threads; calls for one node come one after the other. All failures are {@link NodeRuntimeException}.
 */
public interface NodeRuntime extends AutoCloseable {

    /**
     * Makes the node run and returns where it answers, once it listens.
     *
     * <p>A node that runs already, also one that outlived the control plane which started it, is adopted as it is.
     *
     * @throws NodeRuntimeException when it cannot run, for example because its port is taken; nothing is left behind then
     */
    NodeAddress start(NodeSpec spec);

    /** What is known of the node; a runtime that lost sight of it looks for it first. */
    NodeState inspect(NodeSpec spec);

    /** Stops the node and returns when its port is free. One that does not run is fine. Its data stays. */
    void stop(NodeSpec spec);

    /**
     * Ends the node at once and without a goodbye, because another one is to take its place; whether it is certain that it has
     * ended. Where it is not, the other one waits until its lease is over. Its data stays.
     */
    default boolean kill(NodeSpec spec) {
        stop(spec);
        return true;
    }

    /**
     * Stops the node if need be, for good. One that was never there is fine. Its folder is the control plane's to delete.
     */
    void remove(NodeSpec spec);

    /**
     * Has the listener told the id of each node that ended without having been stopped, at once and on a thread that it must
     * not keep. It replaces the one before. A node that outlived the control plane before is watched once it was asked for.
     */
    void onExit(Consumer<String> listener);

    /**
     * Has clients reach the running node at two more ports of its address: at one while it is a primary, at the other while it
     * is a replica that hears of everything; 0 for none. Connections end with the role. To be said again after each start.
     *
     * <p>Only for a node that cannot do so by itself when it is told by {@link NodeAdmin#listenByRole}; what other nodes say
     * to that is enough.
     */
    default void listenByRole(NodeSpec spec, NodeAdmin admin, int primaryPort, int readerPort) {}

    /**
     * Tells that the node may have another role since just now: clients wait for the port at which they are to find it. At any
     * time and from any thread; a node of which nothing is known is fine.
     */
    default void roleChanged(NodeSpec spec) {}

    /**
     * Has the ports at which the runtime itself listens for the running node take connections from where the spec says, from
     * now on. A start does so too.
     *
     * <p>Only for a node that cannot look who comes; others are told by themselves.
     */
    default void admit(NodeSpec spec) {}

    /** Whether nodes are servers of others, to which the control plane is a client like any other. */
    default boolean runsOriginals() {
        return false;
    }

    /**
     * Rules such as {@code -config} with which each user of the node has to end, because the node itself keeps nothing from
     * its clients; none for one that does.
     */
    default List<String> lastRules(NodeSpec spec) {
        return List.of();
    }

    /** Whether there is something by which nodes of that engine can run; {@link NodeRuntimeException} says why not. */
    default void requireRunnable(EngineType engine) {}

    /** How the control plane reaches the nodes; null where they listen on this machine or another one. */
    default @Nullable NodeDialer dialer() {
        return null;
    }

    /** Ends what lives in this JVM. Nodes that can outlive it are left running. */
    @Override
    void close();
}

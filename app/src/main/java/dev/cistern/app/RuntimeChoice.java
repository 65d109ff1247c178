package dev.cistern.app;

import dev.cistern.app.process.ProcessRuntime;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.engine.network.EventLoops;

/** What a node is run by, as the option {@code --runtime} names it. */
enum RuntimeChoice {

    /** Our engine, in the control plane's own JVM. */
    JVM,

    /** Our engine, in a JVM for each node. */
    PROCESS,

    /** The server that each engine is named after, as it is installed on this machine. */
    ORIGINAL;

    /** Whether nodes go on when the control plane ends. */
    boolean outlives() {
        return this != JVM;
    }

    NodeRuntime start() {
        try {
            return switch (this) {
                case JVM -> new InJvmRuntime(EventLoops.start());
                case PROCESS -> ProcessRuntime.ofOwnEngine();
                case ORIGINAL -> ProcessRuntime.ofOriginals();
            };
        } catch (NodeRuntimeException e) {
            throw new EnvironmentException(String.valueOf(e.getMessage()), "Leave --runtime out.");
        }
    }
}

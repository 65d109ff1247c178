package dev.cistern.app;

import dev.cistern.control.node.NodeRuntime;
import dev.cistern.engine.network.EventLoops;

/** Nodes in this JVM. */
final class InJvmRuntimeTest extends NodeRuntimeContract {

    @Override
    NodeRuntime open() {
        return new InJvmRuntime(EventLoops.start());
    }
}

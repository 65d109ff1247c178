package dev.cistern.app;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeSpecFile;
import dev.cistern.engine.CacheNode;
import dev.cistern.engine.memcached.MemcachedNode;
import dev.cistern.engine.network.EventLoops;
import java.io.IOException;
import java.nio.file.Path;

/** The whole life of a node that a control plane wants and that has this JVM to itself. The main thread waits here. */
final class SpecifiedNode {

    private SpecifiedNode() {}

    /** Returns the exit code when the node was told to end. */
    static int run(Path specFile) throws InterruptedException {
        try (EventLoops eventLoops = EventLoops.start()) {
            return start(NodeSpecFile.read(specFile), eventLoops).awaitEnd();
        } catch (IOException | IllegalArgumentException e) {
            throw new EnvironmentException(String.valueOf(e.getMessage()), "The control plane tries again.");
        }
    }

    private static Lifetime start(NodeSpec spec, EventLoops eventLoops) throws IOException {
        if (spec.engine() == EngineType.MEMCACHED) {
            return new Lifetime(MemcachedNode.start(NodeSettings.memcached(spec), eventLoops)::close);
        }
        CacheNode node = CacheNode.start(NodeSettings.of(spec), eventLoops);
        Lifetime lifetime = new Lifetime(node::close);
        node.onShutdown(lifetime::end);
        return lifetime;
    }
}

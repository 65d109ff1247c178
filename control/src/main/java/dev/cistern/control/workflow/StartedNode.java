package dev.cistern.control.workflow;

import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeSpec;
import java.util.Map;

/** A node that this process had started or adopted, as it was then. */
record StartedNode(NodeSpec spec, NodeAddress address) {

    boolean isEncrypted() {
        return spec.parameters().containsKey(NodeCertificates.SWITCH)
                || spec.parameters().containsKey(NodeCertificates.MEMCACHED_SWITCH);
    }

    /** The same, told these settings since. */
    StartedNode withParameters(Map<String, String> parameters) {
        return new StartedNode(spec.withParameters(parameters), address);
    }
}

package dev.cistern.control.operation;

import dev.cistern.control.resource.ApplyStatus;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.NodeParameters;
import dev.cistern.control.resource.ParameterGroup;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import org.jdbi.v3.core.Handle;

/** How far the values of a cluster's parameter group have come to each of its nodes. */
record ParameterStatus(Map<String, ApplyStatus> byNode) {

    static ParameterStatus of(Handle handle, CacheCluster cluster, List<CacheNode> nodes) {
        SortedMap<String, String> wanted = ParameterGroup
                .named(handle, cluster.key().sibling(cluster.settings().parameterGroup())).values(handle);
        Map<String, ApplyStatus> byNode = new LinkedHashMap<>();
        for (CacheNode node : nodes) {
            ApplyStatus status = NodeParameters.of(cluster, cluster.settings().cacheNodeType(), node.parameters())
                    .status(wanted);
            byNode.put(node.cacheNodeId(), status == ApplyStatus.APPLYING && cluster.parametersWait()
                    ? ApplyStatus.PENDING_REBOOT
                    : status);
        }
        return new ParameterStatus(byNode);
    }

    ApplyStatus of(CacheNode node) {
        return Objects.requireNonNull(byNode.get(node.cacheNodeId()));
    }

    /** The cluster's: a node that is behind counts. */
    ApplyStatus status() {
        if (byNode.containsValue(ApplyStatus.APPLYING)) {
            return ApplyStatus.APPLYING;
        }
        return byNode.containsValue(ApplyStatus.PENDING_REBOOT) ? ApplyStatus.PENDING_REBOOT : ApplyStatus.IN_SYNC;
    }

    List<String> nodesToReboot() {
        return byNode.entrySet().stream().filter(entry -> entry.getValue() == ApplyStatus.PENDING_REBOOT)
                .map(Map.Entry::getKey).toList();
    }
}

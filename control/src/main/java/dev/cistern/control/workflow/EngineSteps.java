package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.EngineChange;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.ResourceKey;
import org.jdbi.v3.core.Handle;

/** What changes in the rows when a cluster gets another engine or version of it. */
record EngineSteps(EventLog events) {

    /** The version that is to come is the cluster's: whoever starts its node from now on starts that one. */
    void change(Handle handle, CacheCluster cluster) {
        EngineChange change = EngineChange.find(handle, cluster.key());
        if (change == null) {
            return;
        }
        CacheCluster changed = CacheCluster.TABLE.update(handle, change.applied(cluster));
        EngineChange.delete(handle, cluster.key());
        String group = changed.settings().parameterGroup();
        if (!group.equals(cluster.settings().parameterGroup())) {
            events.clusterEvent(handle, cluster.key(), "Updated to use a CacheParameterGroup " + group);
        }
        events.clusterEvent(handle, cluster.key(), "Cache engine version is being changed from " + title(cluster)
                + " to " + title(changed));
    }

    /** The cluster can be changed again. */
    CacheCluster finish(Handle handle, ResourceKey key) {
        CacheCluster cluster = CacheCluster.TABLE.update(handle,
                RollingSteps.require(handle, key).withStatus(CacheClusterStatus.AVAILABLE));
        events.clusterEvent(handle, key, "Cache engine version is " + title(cluster));
        return cluster;
    }

    /** The cluster keeps the version that it has. */
    void giveUp(Handle handle, ResourceKey key, String reason) {
        EngineChange.delete(handle, key);
        CacheCluster.TABLE.update(handle,
                RollingSteps.require(handle, key).withStatus(CacheClusterStatus.AVAILABLE));
        events.clusterEvent(handle, key, "Failed to change the cache engine version: " + reason);
    }

    static String title(CacheCluster cluster) {
        return cluster.engine().wireName() + " " + cluster.settings().engineVersion();
    }
}

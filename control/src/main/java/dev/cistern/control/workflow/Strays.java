package dev.cistern.control.workflow;

import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodePlace;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.NodeRole;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.state.Database;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has replicas follow whom the rows say that were out of sight when that was ordered, such as a primary that was cut off, or
 * one that stood still, while another one took its place.
 *
 * <p>Promotes nobody: that is for workflows, which raise the epoch first. So an order that comes too late is refused.
 */
record Strays(Database database, Nodes nodes) {

    private static final Logger log = LoggerFactory.getLogger(Strays.class);

    void lookRound() {
        List<Post> posts = database.read(Post::all).stream()
                .filter(post -> post.group().is(ReplicationGroupStatus.AVAILABLE)).toList();
        for (Post post : posts) {
            for (CacheNode replica : post.replicas()) {
                if (replica.status() == CacheNodeStatus.AVAILABLE && isAstray(replica, post.primary())) {
                    callBack(replica, post);
                }
            }
        }
    }

    private boolean isAstray(CacheNode replica, CacheNode primary) {
        NodePlace place = nodes.placeIfAnswering(replica);
        return place != null && (place.isPrimary() || !place.isLinked()
                || !new NodeAddress(primary.bindAddress(), primary.port()).equals(place.primary()));
    }

    /** What it is to be, if that is what it was a moment ago; null if somebody changes it. */
    private static @Nullable NodeRole roleNow(Handle handle, CacheNode replica, Post post) {
        CacheCluster cluster = CacheCluster.find(handle, replica.key());
        ReplicationGroup group = ReplicationGroup.find(handle, post.group().key());
        if (cluster == null || group == null || !group.is(ReplicationGroupStatus.AVAILABLE)) {
            return null;
        }
        NodeRole role = NodeRole.of(handle, cluster);
        return role.primary() == null || role.leadership().epoch() != post.nodeGroup().epoch() ? null : role;
    }

    private void callBack(CacheNode replica, Post post) {
        NodeRole role = database.read(handle -> roleNow(handle, replica, post));
        try {
            if (role != null) {
                nodes.assumeRole(replica, role);
            }
        } catch (RuntimeException e) {
            log.debug("replica {} cannot be told whom to follow; it is told again", replica.nodeId(), e);
        }
    }
}

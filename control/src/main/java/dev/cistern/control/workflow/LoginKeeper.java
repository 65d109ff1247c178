package dev.cistern.control.workflow;

import dev.cistern.control.node.LoginKeys;
import dev.cistern.control.node.TransientErrors;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.state.Database;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has nodes judge login tokens by the access keys that there are: tells them anew when keys came or went, and every day.
 * What changes with users their workflows tell. The keeper's thread.
 */
final class LoginKeeper {

    private static final Logger log = LoggerFactory.getLogger(LoginKeeper.class);

    private final Database database;
    private final NodeChanges changes;
    private final LoginKeys keys;
    private final Clock clock;
    private @Nullable List<Object> told;

    LoginKeeper(Database database, NodeChanges changes, LoginKeys keys, Clock clock) {
        this.database = database;
        this.changes = changes;
        this.keys = keys;
        this.clock = clock;
    }

    void lookRound() {
        List<Object> now = List.of(keys.state(), LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC));
        if (!now.equals(told) && tellAll()) {
            told = now;
        }
    }

    /** Whether all that run know. */
    private boolean tellAll() {
        boolean all = true;
        for (CacheNode node : database.read(handle -> ReplicationGroup.TABLE
                .select(handle, "where user_group_id is not null").stream()
                .flatMap(group -> CacheCluster.membersOf(handle, group.key()).stream())
                .flatMap(member -> CacheNode.of(handle, member.key()).stream()).toList())) {
            try {
                changes.tellLogins(node);
            } catch (RuntimeException e) {
                log.atLevel(TransientErrors.levelOf(e))
                        .log("node {} cannot be told who logs in by tokens; it is tried again", node.nodeId(), e);
                all = false;
            }
        }
        return all;
    }
}

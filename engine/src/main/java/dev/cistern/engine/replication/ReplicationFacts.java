package dev.cistern.engine.replication;

import dev.cistern.engine.settings.Settings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What INFO tells of replication, by the names that tools look for. Any thread. */
public final class ReplicationFacts {

    private ReplicationFacts() {}

    public static Map<String, String> of(Replication replication) {
        Map<String, String> facts = new LinkedHashMap<>();
        PrimaryAddress primary = replication.primary();
        facts.put("role", primary == null ? "master" : "slave");
        if (primary != null) {
            link(replication, primary, facts);
        }
        followers(replication, facts);
        log(replication, facts);
        return facts;
    }

    private static void link(Replication replication, PrimaryAddress primary, Map<String, String> facts) {
        PrimaryLink link = replication.link();
        boolean isUp = replication.isLinkUp();
        SnapshotReceiver receiver = link == null ? null : link.receiver();
        String offset = Long.toString(replication.log().isKept() ? replication.log().end() : 0);
        facts.put("master_host", primary.host());
        facts.put("master_port", Integer.toString(primary.port()));
        facts.put("master_link_status", isUp ? "up" : "down");
        facts.put("master_last_io_seconds_ago", link == null || !isUp ? "-1" : Long.toString(link.silentSeconds()));
        facts.put("master_sync_in_progress", receiver == null ? "0" : "1");
        facts.put("slave_read_repl_offset", offset);
        facts.put("slave_repl_offset", offset);
        if (receiver != null) {
            facts.put("master_sync_total_bytes", Long.toString(receiver.total()));
            facts.put("master_sync_read_bytes", Long.toString(receiver.taken()));
            facts.put("master_sync_left_bytes", Long.toString(Math.max(0, receiver.total() - receiver.taken())));
            facts.put("master_sync_last_io_seconds_ago", link == null ? "-1" : Long.toString(link.silentSeconds()));
        }
        if (!isUp) {
            facts.put("master_link_down_since_seconds", Long.toString(replication.linkDownSeconds()));
        }
        Settings settings = replication.node().settings();
        facts.put("slave_priority", settings.replicaPriority.text());
        facts.put("slave_read_only", settings.replicaReadOnly.isOn() ? "1" : "0");
        facts.put("replica_announced", "1");
    }

    private static void followers(Replication replication, Map<String, String> facts) {
        List<Follower> followers = replication.followers();
        long now = replication.node().clock().wallMillis();
        facts.put("connected_slaves", Integer.toString(followers.size()));
        if (replication.node().settings().minReplicasToWrite.value() > 0 && !replication.isReplica()) {
            facts.put("min_slaves_good_slaves", Integer.toString(replication.goodFollowers()));
        }
        int number = 0;
        for (Follower follower : followers) {
            facts.put("slave" + number, "ip=" + follower.host() + ",port=" + follower.port() + ",state="
                    + follower.state().word() + ",offset=" + follower.acknowledged() + ",lag="
                    + (follower.isOnline() ? follower.lagSeconds(now) : 0));
            number++;
        }
    }

    private static void log(Replication replication, Map<String, String> facts) {
        WriteLog log = replication.log();
        facts.put("master_failover_state", replication.failover().word());
        facts.put("master_replid", log.id());
        facts.put("master_replid2", log.formerId());
        facts.put("master_repl_offset", Long.toString(log.end()));
        facts.put("second_repl_offset", Long.toString(log.formerEnd()));
        facts.put("repl_backlog_active", log.isKept() ? "1" : "0");
        facts.put("repl_backlog_size", replication.node().settings().replBacklogSize.text());
        facts.put("repl_backlog_first_byte_offset", Long.toString(log.firstOffset()));
        facts.put("repl_backlog_histlen", Long.toString(log.keptBytes()));
    }
}

package dev.cistern.control.simulation;

import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.resource.SlotMap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a simulated node answers its admin, in RESP. */
final class SimTalk {

    private static final String OK = "+OK\r\n";

    private final SimNode node;
    private String topology = "epoch 0\nself none\n";

    SimTalk(SimNode node) {
        this.node = node;
    }

    String answer(List<String> words) {
        return switch (words.getFirst().toUpperCase(Locale.ROOT)) {
            case "AUTH", "CONFIG", "CLIENT" -> OK;
            case "PING" -> "+PONG\r\n";
            case "INFO" -> bulk(info());
            case "ACL" -> words.get(1).equals("USERS") ? "*0\r\n" : OK;
            case "REPLICAOF" -> replicaOf(words);
            case "FAILOVER" -> orOk(node.beginHandOver(address(words, 2),
                    Duration.ofMillis(Long.parseLong(words.get(5)))));
            case "CISTERN" -> cistern(words);
            default -> "-ERR unknown command '" + words.getFirst() + "'\r\n";
        };
    }

    private static NodeAddress address(List<String> words, int index) {
        return new NodeAddress(words.get(index), Integer.parseInt(words.get(index + 1)));
    }

    private static String orOk(@Nullable String refused) {
        return refused == null ? OK : "-" + refused + "\r\n";
    }

    private static String bulk(String text) {
        return "$" + text.length() + "\r\n" + text + "\r\n";
    }

    private String replicaOf(List<String> words) {
        if (words.get(1).equalsIgnoreCase("NO")) {
            node.lead();
        } else if (!address(words, 1).equals(node.primary())) {
            node.follow(address(words, 1), false);
        }
        return OK;
    }

    private String cistern(List<String> words) {
        return switch (words.get(1)) {
            case "STATE" -> standing(null);
            case "FENCE" -> standing(node.fence(epoch(words)));
            case "PROMOTE" -> standing(node.promote(epoch(words)));
            case "FOLLOW" -> standing(node.follow(epoch(words), address(words, 3)));
            case "LEASE" -> {
                long millis = Long.parseLong(words.get(3));
                long since = Long.parseLong(words.get(4));
                int replicas = Integer.parseInt(words.get(6));
                String refused = words.contains("HEIR")
                        ? node.grantHeir(epoch(words), millis, since, replicas)
                        : node.grant(epoch(words), millis, since, replicas);
                yield refused == null ? ":1\r\n" : "-" + refused + "\r\n";
            }
            case "TOPOLOGY" -> bulk(topology);
            case "SET-TOPOLOGY" -> {
                if (SlotMap.parse(words.get(2)).epoch() <= SlotMap.parse(topology).epoch()) {
                    yield "-STALEEPOCH this node knows better\r\n";
                }
                topology = words.get(2);
                yield OK;
            }
            case "MOVES" -> "*0\r\n";
            default -> OK;
        };
    }

    private static long epoch(List<String> words) {
        return Long.parseLong(words.get(2));
    }

    private String standing(@Nullable String refused) {
        if (refused != null) {
            return "-" + refused + "\r\n";
        }
        NodeAddress primary = node.primary();
        SimLog log = node.log();
        List<String> words = List.of("epoch", Long.toString(node.epoch()), "clock",
                Long.toString(Math.floorDiv(node.clock(), 1_000_000)), "lease", Long.toString(node.leaseMillis()),
                "role", primary == null ? "primary" : "replica",
                "follows", primary == null ? "" : primary.host() + ":" + primary.port(), "link",
                node.isLinkUp() ? "up" : "down", "silent", Long.toString(node.silentMillis()), "loading",
                node.isLoading() ? "1" : "0", "history", log.isKept() ? log.id() : "", "offset",
                Integer.toString(log.isKept() ? log.end() : -1), "former-history", log.formerId(), "former-end",
                Integer.toString(log.formerEnd()));
        return "*" + words.size() + "\r\n" + words.stream().map(SimTalk::bulk).collect(Collectors.joining());
    }

    private String info() {
        List<String> lines = new ArrayList<>(List.of("run_id:" + node.id(), "used_memory:1000000",
                "rdb_bgsave_in_progress:0", "rdb_last_bgsave_status:ok", "master_failover_state:" + switch (node
                        .handOver()) {
                    case NONE -> "no-failover";
                    case WAITING -> "waiting-for-sync";
                    case HANDING_OVER -> "failover-in-progress";
                }));
        lines.addAll(List.of("repl_backlog_active:" + (node.log().isKept() ? 1 : 0), "master_replid:" + node.log().id(),
                "master_replid2:" + node.log().formerId()));
        NodeAddress primary = node.primary();
        if (primary == null) {
            lines.add("role:master");
            lines.add("master_repl_offset:" + node.log().end());
            int number = 0;
            for (SimLink follower : node.followers()) {
                NodeAddress at = follower.replica().address();
                lines.add("slave" + number++ + ":ip=" + at.host() + ",port=" + at.port() + ",state="
                        + (follower.isOnline() ? "online" : "send_bulk") + ",offset=" + follower.acknowledged());
            }
        } else {
            lines.addAll(List.of("role:slave", "master_host:" + primary.host(), "master_port:" + primary.port(),
                    "master_link_status:" + (node.isLinkUp() ? "up" : "down"),
                    "slave_repl_offset:" + node.log().end()));
            if (node.isLinkUp()) {
                lines.add("master_last_io_seconds_ago:"
                        + Duration.ofNanos(Objects.requireNonNull(node.link()).silentNanos()).toSeconds());
            }
        }
        return String.join("\r\n", lines);
    }
}

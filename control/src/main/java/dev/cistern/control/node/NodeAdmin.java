package dev.cistern.control.node;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.ClientSetInfoConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.args.ClientPauseMode;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.util.SafeEncoder;

/**
 * What the control plane says to a node, over RESP as its admin user: any server that speaks RESP will do.
 *
 * <p>Each call opens a connection of its own and closes it: calls are rare, and a connection that is kept would have to be
 * watched. A node that does not answer in time is an exception of Jedis, which workflows retry.
 */
public final class NodeAdmin {

    private static final int CONNECT_MILLIS = 1_000;
    /** How long a node has for an answer that nobody waits for in a hurry. */
    public static final Duration ANSWER_LIMIT = Duration.ofSeconds(2);
    static final ProtocolCommand CISTERN = () -> SafeEncoder.encode("CISTERN");
    private static final ProtocolCommand FAILOVER = () -> SafeEncoder.encode("FAILOVER");
    private static final ProtocolCommand REPLCONF = () -> SafeEncoder.encode("REPLCONF");

    /** Where the state stands in what is told of a move: names and values, the id first. */
    private static final int STATE_AT = 3;

    /** So often at least replicas hear from their primary: their silence tells that it is lost. */
    private static final String PING_PERIOD = "repl-ping-replica-period";
    private static final String EVERY_SECOND = "1";

    private static final String NO_FAILOVER = "no-failover";

    private static final Pattern UNKNOWN_SETTING = Pattern.compile("(?i)unknown option|unsupported config parameter");
    private static final Pattern UNKNOWN_RULE = Pattern
            .compile("modifier '([+-][^']+)': Unknown command or category name");

    private final HostAndPort address;
    private final JedisClientConfig config;
    private final @Nullable NodeDialer dialer;

    public NodeAdmin(NodeAddress address, AdminCredential admin) {
        this(address, admin, null);
    }

    /** Over an encrypted connection where there is a trust. */
    public NodeAdmin(NodeAddress address, AdminCredential admin, @Nullable NodeTrust trust) {
        this(address, admin, trust, ANSWER_LIMIT, null);
    }

    /**
     * One that waits no longer than that for a connection, and for each answer; by sockets of the system unless there is a
     * dialer.
     */
    public NodeAdmin(NodeAddress address, AdminCredential admin, @Nullable NodeTrust trust, Duration limit,
            @Nullable NodeDialer dialer) {
        this.address = new HostAndPort(address.host(), address.port());
        this.dialer = dialer;
        this.config = config(admin, trust, limit);
    }

    /** Jedis would rather be told of files, but then makes a context of its own for each connection. */
    @SuppressWarnings("deprecation")
    private static JedisClientConfig config(AdminCredential admin, @Nullable NodeTrust trust, Duration limit) {
        return DefaultJedisClientConfig.builder()
                .ssl(trust != null)
                .sslSocketFactory(trust == null ? null : trust.sockets())
                .user(admin.user())
                .password(admin.password().reveal())
                .connectionTimeoutMillis((int) Math.min(CONNECT_MILLIS, limit.toMillis()))
                .socketTimeoutMillis((int) limit.toMillis())
                .clientSetInfoConfig(ClientSetInfoConfig.DISABLED)
                // Plain replies are enough, and every server speaks them without being asked.
                .autoNegotiateProtocol(false)
                .build();
    }

    /** Whether the node answers, and lets its admin in. */
    public boolean answers() {
        try (Jedis node = connect()) {
            return "PONG".equals(node.ping());
        } catch (JedisException e) {
            return false;
        }
    }

    /** Sets each that the node knows; answers the ones that it refuses, and why. */
    public Map<String, String> setParameters(Map<String, String> settings) {
        Map<String, String> refused = new LinkedHashMap<>();
        try (Jedis node = connect()) {
            settings.forEach((name, value) -> {
                try {
                    node.configSet(name, value);
                } catch (JedisDataException e) {
                    String reason = String.valueOf(e.getMessage());
                    if (!UNKNOWN_SETTING.matcher(reason).find()) {
                        refused.put(name, reason);
                    }
                }
            });
        }
        return refused;
    }

    /** Sets all of them at once; an exception of Jedis when one is refused. */
    public void setTogether(Map<String, String> settings) {
        try (Jedis node = connect()) {
            node.configSet(settings);
        }
    }

    /**
     * Makes these users what they are to be and deletes every other one but the admin; sessions of deleted users end.
     *
     * <p>A rule for a command that the node does not have is left out: there is nothing that it could allow or forbid.
     */
    public void setUsers(List<NodeUser> users) {
        try (Jedis node = connect()) {
            users.forEach(user -> setUser(node, user));
            List<String> wanted = users.stream().map(NodeUser::name).toList();
            for (String name : node.aclUsers()) {
                if (!wanted.contains(name) && !name.equals(AdminCredential.USER)) {
                    node.aclDelUser(name);
                }
            }
        }
    }

    /** Tells the node who logs in by tokens, and how it judges one; false when it cannot judge any. */
    public boolean setLogins(LoginTerms terms) {
        List<String> words = new ArrayList<>(List.of("LOGIN-TOKENS", terms.resource(), "-", terms.region(), "USERS",
                Integer.toString(terms.users().size())));
        words.addAll(terms.users());
        words.addAll(List.of("KEYS", Integer.toString(terms.keys().size())));
        terms.keys().forEach(key -> words.addAll(List.of(key.id(), key.date(), key.key().reveal())));
        try (Jedis node = connect()) {
            node.sendCommand(CISTERN, words.toArray(String[]::new));
            return true;
        } catch (JedisDataException e) {
            if (String.valueOf(e.getMessage()).startsWith("ERR unknown")) {
                return false;
            }
            throw e;
        }
    }

    private static void setUser(Jedis node, NodeUser user) {
        List<String> rules = new ArrayList<>(user.rules());
        while (true) {
            try {
                node.aclSetUser(user.name(), rules.toArray(String[]::new));
                return;
            } catch (JedisDataException e) {
                Matcher unknown = UNKNOWN_RULE.matcher(String.valueOf(e.getMessage()));
                if (!unknown.find() || !rules.remove(unknown.group(1))) {
                    throw e;
                }
            }
        }
    }

    /** Bytes of data and overhead, as the node counts them against {@code maxmemory}. */
    public long usedMemoryBytes() {
        return report().usedMemoryBytes();
    }

    public NodeReport report() {
        Map<String, String> facts;
        try (Jedis node = connect()) {
            facts = facts(node.info());
        }
        return new NodeReport(fact(facts, "run_id"), Long.parseLong(fact(facts, "used_memory")),
                fact(facts, "rdb_bgsave_in_progress").equals("1"),
                !fact(facts, "rdb_last_bgsave_status").equals("ok"));
    }

    /** Has the node write its data to its snapshot's file; it goes on serving meanwhile. */
    public void beginSave() {
        try (Jedis node = connect()) {
            node.bgsave();
        }
    }

    /** Has writes wait for that long, from now on; reads go on. */
    public void holdWrites(Duration limit) {
        try (Jedis node = connect()) {
            node.clientPause(limit.toMillis(), ClientPauseMode.WRITE);
        }
    }

    /** The databases that hold keys, such as {@code db0}. */
    public List<String> databases() {
        try (Jedis node = connect()) {
            return facts(node.info("keyspace")).keySet().stream().filter(name -> name.matches("db\\d+")).sorted()
                    .toList();
        }
    }

    // --- its place among others ---

    /** Tells it by which name and password those are reached that it may follow. */
    public void setPrimaryCredential(AdminCredential credential) {
        try (Jedis node = connect()) {
            node.configSet(Map.of("masteruser", credential.user(), "masterauth", credential.password().reveal(),
                    PING_PERIOD, EVERY_SECOND));
        }
    }

    /** Those that it may follow let everybody in. */
    public void forgetPrimaryCredential() {
        try (Jedis node = connect()) {
            node.configSet(Map.of("masteruser", "", "masterauth", "", PING_PERIOD, EVERY_SECOND));
        }
    }

    /** Has the node follow that one; one that does already goes on as it is. Not by order. */
    public void follow(NodeAddress primary) {
        try (Jedis node = connect()) {
            node.replicaof(primary.host(), primary.port());
        }
    }

    /** Has the node be a primary, with what it has; one that is already goes on as it is. Not by order. */
    public void lead() {
        try (Jedis node = connect()) {
            node.replicaofNoOne();
        }
    }

    /** Replicas shall hear from this one often. */
    public void pingReplicasOften() {
        try (Jedis node = connect()) {
            node.configSet(PING_PERIOD, EVERY_SECOND);
        }
    }

    /** On which ports the node is to listen beside its own: while it is a primary, and while it follows; 0 for none. */
    public void listenByRole(int primaryPort, int readerPort) {
        try (Jedis node = connect()) {
            node.sendCommand(CISTERN, "ROLE-PORTS", "PRIMARY", Integer.toString(primaryPort), "READER",
                    Integer.toString(readerPort));
        } catch (JedisDataException e) {
            // An original cannot: whoever runs it listens for it.
            if (!isUnknownCommand(e)) {
                throw e;
            }
        }
    }

    static boolean isUnknownCommand(JedisDataException e) {
        return String.valueOf(e.getMessage()).startsWith("ERR unknown command");
    }

    /** What only a node of ours understands. */
    public NodeOrders orders() {
        return new NodeOrders(this);
    }

    /**
     * Has this primary and its replica at that port change places, without loss: writes wait for the moment. Returns at
     * once; {@link #place} tells when it is so.
     */
    public void handOver(int replicaPort, AdminCredential replica, Duration limit) {
        NodeAddress target = place().replicas().stream().filter(each -> each.port() == replicaPort).findFirst()
                .orElseThrow(() -> new NodeRuntimeException(
                        address + " has no replica that listens on port " + replicaPort));
        try (Jedis node = connect()) {
            node.configSet(Map.of("masteruser", replica.user(), "masterauth", replica.password().reveal()));
            node.sendCommand(FAILOVER, "TO", target.host(), Integer.toString(target.port()), "TIMEOUT",
                    Long.toString(limit.toMillis()));
        }
    }

    /**
     * Has this replica tell its primary at once how far it is. By itself that of an original does so once a second, and a
     * primary that hands over asks for nothing, but has writes wait for it.
     */
    public void acknowledge() {
        try (Jedis node = connect()) {
            // That one has no reply; what follows it has.
            node.getConnection().sendCommand(REPLCONF, "GETACK", "*");
            var _ = node.ping();
        }
    }

    // --- its slots ---

    /** Which nodes and slots the node knows of, in its own text. */
    public String topology() {
        try (Jedis node = connect()) {
            return text(node.sendCommand(CISTERN, "TOPOLOGY"));
        }
    }

    /** Tells it; {@link StaleEpochException} when it knows something newer, or hands slots over just now. */
    public void setTopology(String topology) {
        try (Jedis node = connect()) {
            node.sendCommand(CISTERN, "SET-TOPOLOGY", topology);
        } catch (JedisDataException e) {
            String message = String.valueOf(e.getMessage());
            if (message.startsWith("STALEEPOCH") || message.startsWith("TRYAGAIN")) {
                throw new StaleEpochException(address + ": " + message, e);
            }
            throw e;
        }
    }

    /** Has the node move slots with their keys to another one, while clients go on; {@link #movesSlots} tells how long. */
    public void moveSlots(String slots, String targetId, AdminCredential target) {
        try (Jedis node = connect()) {
            node.sendCommand(CISTERN, "MOVE-SLOTS", slots, targetId, "AUTH2", target.user(),
                    target.password().reveal());
        }
    }

    /** Whether a move of slots goes on. */
    public boolean movesSlots() {
        try (Jedis node = connect()) {
            return ((List<?>) node.sendCommand(CISTERN, "MOVES")).stream().map(move -> (List<?>) move)
                    .map(facts -> text(facts.get(STATE_AT)))
                    .anyMatch(state -> !List.of("done", "cancelled", "failed").contains(state));
        }
    }

    /** How often the node has sent a client elsewhere, since it started. */
    public long redirections() {
        try (Jedis node = connect()) {
            String count = facts(node.info("errorstats")).getOrDefault("errorstat_MOVED", "count=0");
            return Long.parseLong(count.substring(count.indexOf('=') + 1));
        }
    }

    private static String text(Object reply) {
        return SafeEncoder.encode((byte[]) reply);
    }

    /** The node knows a newer topology than whoever tells it one. */
    public static final class StaleEpochException extends RuntimeException {

        private static final long serialVersionUID = 1;

        StaleEpochException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** Whether such a change of places is under way. */
    public boolean isHandingOver() {
        try (Jedis node = connect()) {
            return !facts(node.info("replication")).getOrDefault("master_failover_state", NO_FAILOVER)
                    .equals(NO_FAILOVER);
        }
    }

    /** Where the node stands among others. */
    public NodePlace place() {
        try (Jedis node = connect()) {
            return NodePlace.parse(facts(node.info("replication")));
        }
    }

    static Map<String, String> facts(String info) {
        Map<String, String> facts = new HashMap<>();
        info.lines().forEach(line -> {
            int colon = line.indexOf(':');
            if (colon > 0) {
                facts.put(line.substring(0, colon), line.substring(colon + 1).strip());
            }
        });
        return facts;
    }

    private String fact(Map<String, String> facts, String name) {
        String value = facts.get(name);
        if (value == null) {
            throw new NodeRuntimeException(address + " does not tell its " + name);
        }
        return value;
    }

    Jedis connect() {
        NodeDialer present = dialer;
        return present == null ? new Jedis(address, config) : new Jedis(() -> dial(present), config);
    }

    private Socket dial(NodeDialer by) {
        try {
            Socket socket = by.dial(new NodeAddress(address.getHost(), address.getPort()),
                    Duration.ofMillis(config.getConnectionTimeoutMillis()));
            socket.setSoTimeout(config.getSocketTimeoutMillis());
            return socket;
        } catch (IOException e) {
            throw new JedisConnectionException("cannot connect to " + address, e);
        }
    }
}

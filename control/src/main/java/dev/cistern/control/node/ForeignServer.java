package dev.cistern.control.node;

import java.util.Map;
import redis.clients.jedis.ClientSetInfoConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * A server that is not ours and from which data are to come: what it says of itself to whoever asks, without a password.
 *
 * @param runId             by which it tells itself from every other server, and from itself before its last start
 * @param isClustered       whether it has slots
 * @param usedMemoryBytes   with overhead, as it counts it
 * @param highestDatabase   the highest number of a database with keys in it; -1 when there are none
 * @param offset            how far it is in its history of writes
 */
public record ForeignServer(String runId, boolean isClustered, long usedMemoryBytes, int highestDatabase, long offset) {

    private static final int LIMIT_MILLIS = 5_000;
    private static final String DATABASE = "db";

    /** Asks it; a {@link NodeRuntimeException} that tells the reason when it does not answer, or refuses. */
    public static ForeignServer at(NodeAddress address) {
        try (Jedis server = new Jedis(new HostAndPort(address.host(), address.port()),
                DefaultJedisClientConfig.builder()
                        .connectionTimeoutMillis(LIMIT_MILLIS).socketTimeoutMillis(LIMIT_MILLIS)
                        .clientSetInfoConfig(ClientSetInfoConfig.DISABLED).autoNegotiateProtocol(false).build())) {
            return parse(NodeAdmin.facts(server.info()));
        } catch (JedisDataException e) {
            throw new NodeRuntimeException(address + " refuses to be asked: " + e.getMessage(), e);
        } catch (JedisException | NumberFormatException e) {
            throw new NodeRuntimeException(address + " cannot be asked: " + e.getMessage(), e);
        }
    }

    static ForeignServer parse(Map<String, String> facts) {
        int highest = facts.keySet().stream().filter(name -> name.matches(DATABASE + "\\d+"))
                .mapToInt(name -> Integer.parseInt(name.substring(DATABASE.length()))).max().orElse(-1);
        return new ForeignServer(facts.getOrDefault("run_id", ""), "1".equals(facts.get("cluster_enabled")),
                Long.parseLong(facts.getOrDefault("used_memory", "0")), highest,
                Long.parseLong(facts.getOrDefault("master_repl_offset", "0")));
    }
}

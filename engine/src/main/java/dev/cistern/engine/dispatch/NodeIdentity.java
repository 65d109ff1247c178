package dev.cistern.engine.dispatch;

import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * What a node is called and says of itself; fixed when it starts.
 *
 * @param runId 40 hexadecimal digits, new with every start
 * @param operatingSystem what INFO shows as {@code os}
 * @param transport how its event loops wait for sockets
 * @param startedMillis when, since 1970
 */
public record NodeIdentity(String name, String runId, String operatingSystem, String transport,
        long startedMillis) {
    /** Clients choose what they send by this version; Valkey has kept it since it left Redis. */
    private static final String REDIS_VERSION = "7.2.4";
    private static final String VALKEY_VERSION = "8.1.4";
    private static final int ID_BYTES = 20;

    public static NodeIdentity create(String name, String operatingSystem, String transport,
            long startedMillis) {
        return new NodeIdentity(name, randomId(), operatingSystem, transport, startedMillis);
    }

    /** 40 random hexadecimal digits. */
    public static String randomId() {
        byte[] id = new byte[ID_BYTES];
        new SecureRandom().nextBytes(id);
        return HexFormat.of().formatHex(id);
    }

    public String redisVersion() {
        return REDIS_VERSION;
    }

    public String valkeyVersion() {
        return VALKEY_VERSION;
    }
}

package dev.cistern.control.node;

import java.util.Set;
import org.slf4j.event.Level;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Errors of nodes that pass: it loads, it is busy, it has lost its primary for a moment, nobody listens there yet.
 *
 * <p>Whoever meets one tries again, and makes no fuss before it has lasted: a group is not made without some of them.
 */
public final class TransientErrors {

    private static final String LOADING = "LOADING";

    /** How answers begin that another moment changes. */
    private static final Set<String> FIRST_WORDS = Set.of(LOADING, "BUSY", "MASTERDOWN", "NOREPLICAS", "TRYAGAIN",
            "CLUSTERDOWN");

    private TransientErrors() {}

    public static boolean contain(Throwable error) {
        return error instanceof JedisConnectionException || error instanceof NodeAdmin.StaleEpochException
                || FIRST_WORDS.contains(firstWord(error));
    }

    /** How loud it is told of an error after which something is tried again. */
    public static Level levelOf(RuntimeException error) {
        return contain(error) ? Level.DEBUG : Level.WARN;
    }

    /** Whether a node says that it has not read all its data yet. */
    public static boolean isLoading(JedisDataException error) {
        return firstWord(error).equals(LOADING);
    }

    private static String firstWord(Throwable error) {
        String message = error instanceof JedisDataException ? String.valueOf(error.getMessage()) : "";
        return message.substring(0, Math.max(0, message.indexOf(' ')));
    }
}

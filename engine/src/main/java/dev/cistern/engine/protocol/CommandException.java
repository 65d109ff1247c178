package dev.cistern.engine.protocol;

import java.nio.charset.StandardCharsets;

/**
 * The client erred: an error reply in the original's words, thrown by a command and caught by the dispatcher alone.
 *
 * <p>Not for our own defects; those are any other exception. No stack trace: the constants cost nothing to throw.
 */
public final class CommandException extends RuntimeException {
    public static final CommandException WRONG_TYPE = of(
            "WRONGTYPE Operation against a key holding the wrong kind of value");
    public static final CommandException SYNTAX_ERROR = of("ERR syntax error");
    public static final CommandException NOT_AN_INTEGER = of("ERR value is not an integer or out of range");
    public static final CommandException OUT_OF_RANGE = of("ERR value is out of range");
    /** Its least value is left out, as it has no opposite. */
    public static final CommandException OUT_OF_LONG_RANGE = outOf(-Long.MAX_VALUE, Long.MAX_VALUE);
    public static final CommandException OUT_OF_INT_RANGE = outOf(Integer.MIN_VALUE, Integer.MAX_VALUE);
    public static final CommandException MUST_BE_POSITIVE = of("ERR value is out of range, must be positive");
    public static final CommandException NOT_A_FLOAT = of("ERR value is not a valid float");
    public static final CommandException WOULD_OVERFLOW = of("ERR increment or decrement would overflow");
    public static final CommandException NOT_A_NUMBER = of("ERR increment would produce NaN or Infinity");
    public static final CommandException INDEX_OUT_OF_RANGE = of("ERR index out of range");
    public static final CommandException NO_SUCH_KEY = of("ERR no such key");
    public static final CommandException SAME_OBJECT = of("ERR source and destination objects are the same");
    public static final CommandException INVALID_DB_INDEX = of("ERR invalid DB index");
    public static final CommandException DB_OUT_OF_RANGE = of("ERR DB index is out of range");
    public static final CommandException INVALID_CURSOR = of("ERR invalid cursor");
    public static final CommandException STRING_TOO_LONG = of(
            "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    public static final CommandException OFFSET_OUT_OF_RANGE = of("ERR offset is out of range");
    public static final CommandException OUT_OF_MEMORY = of(
            "OOM command not allowed when used memory > 'maxmemory'.");
    public static final CommandException NOT_IN_TRANSACTION = of("ERR Command not allowed inside a transaction");
    public static final CommandException MONITOR_TOUCHES_NOTHING = of(
            "ERR Replica can't interact with the keyspace");
    public static final CommandException NO_AUTH = of("NOAUTH Authentication required.");
    public static final CommandException WRONG_PASSWORD = of(
            "WRONGPASS invalid username-password pair or user is disabled.");
    public static final CommandException NO_PROTO = of("NOPROTO unsupported protocol version");

    private final byte[] encoded;
    private final String code;

    private CommandException(String text) {
        super(text, null, false, false);
        encoded = ("-" + text + "\r\n").getBytes(StandardCharsets.UTF_8);
        int space = text.indexOf(' ');
        code = space < 0 ? text : text.substring(0, space);
    }

    /**
     * An error with this text, which starts with its code in capitals. Line ends would split the reply: as in the original
     * those at the end go, and the others become spaces.
     */
    public static CommandException of(String text) {
        int end = text.length();
        while (end > 0 && (text.charAt(end - 1) == '\r' || text.charAt(end - 1) == '\n')) {
            end--;
        }
        return new CommandException(text.substring(0, end).replace('\r', ' ').replace('\n', ' '));
    }

    public static CommandException of(String format, Object... values) {
        return of(String.format(format, values));
    }

    private static CommandException outOf(long least, long most) {
        return of("ERR value is out of range, value must between %d and %d", least, most);
    }

    /** What EXPIRE, SET, GETEX and others answer to a time that cannot be; the name is in small letters. */
    public static CommandException invalidExpireTime(String commandName) {
        return of("ERR invalid expire time in '%s' command", commandName);
    }

    /** The whole error line, ready to be sent. */
    public byte[] encoded() {
        return encoded;
    }

    public String text() {
        return String.valueOf(getMessage());
    }

    /** The first word, which INFO errorstats counts by. */
    public String code() {
        return code;
    }
}

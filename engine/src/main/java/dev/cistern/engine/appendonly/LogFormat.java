package dev.cistern.engine.appendonly;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The lines that we put between the commands of a log's file, for us alone: who else reads the file passes over them.
 *
 * <pre>
 *   #CISTERN:1:0123456789abcdef                                 the file's own word, the first line of a file of ours
 *   #LOG:&lt;history, 40 letters&gt;:&lt;offset&gt;                         what follows is this history's bytes from there on
 *   *3 SET … *2 DEL …                                           commands
 *   #CRC:89abcdef:0123456789abcdef                              the checksum (CRC32C) of all since the last such line
 * </pre>
 *
 * <p>A command has no checksum in this format, so a bit that turns would be read as what it is not. The file's own word
 * stands in each checksum's line: a value that a client wrote cannot be taken for one. What stands behind the last
 * checksum is what was being written when the process ended.
 */
final class LogFormat {
    private static final Pattern HEAD = Pattern.compile("#CISTERN:1:([0-9a-f]{16})");
    private static final Pattern HISTORY = Pattern.compile("#LOG:([0-9a-f]{40}):([0-9]{1,18})");
    private static final Pattern CHECKSUM = Pattern.compile("#CRC:([0-9a-f]{8}):([0-9a-f]{16})");
    /** The original's: a longer line is none. */
    static final int MAX_LINE_BYTES = 1024;

    private LogFormat() {}

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] head(String word) {
        return ascii("#CISTERN:1:" + word + "\r\n");
    }

    static byte[] history(String id, long offset) {
        return ascii("#LOG:" + id + ":" + offset + "\r\n");
    }

    static byte[] checksum(int crc, String word) {
        return ascii("#CRC:%08x:%s\r\n".formatted(crc, word));
    }

    /** What the log selects at the beginning of a file, as nothing is selected there. */
    static byte[] select(int database) {
        String number = Integer.toString(database);
        return ascii("*2\r\n$6\r\nSELECT\r\n$" + number.length() + "\r\n" + number + "\r\n");
    }

    /** What a line of ours says. */
    sealed interface Line {

        /** The file's own word. */
        record Head(String word) implements Line {}

        record History(String id, long offset) implements Line {}

        record Checksum(int crc, String word) implements Line {}
    }

    /** Reads a line, without its end; null if it is none of ours. */
    static @Nullable Line line(String text) {
        Matcher head = HEAD.matcher(text);
        if (head.matches()) {
            return new Line.Head(head.group(1));
        }
        Matcher history = HISTORY.matcher(text);
        if (history.matches()) {
            return new Line.History(history.group(1), Long.parseLong(history.group(2)));
        }
        Matcher checksum = CHECKSUM.matcher(text);
        return checksum.matches()
                ? new Line.Checksum((int) Long.parseLong(checksum.group(1), 16), checksum.group(2))
                : null;
    }
}

package dev.cistern.engine.dispatch;

import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The last commands that were beyond a threshold, newest first: too slow, or with too large a request or reply.
 *
 * <p>Secrets among the arguments are not kept. Any thread; entries are rare.
 */
public final class CommandLog {
    private static final int MAX_ARGUMENTS = 32;
    private static final int MAX_ARGUMENT_BYTES = 128;

    private final Deque<Entry> entries = new ArrayDeque<>();
    private long nextId;

    /** One such command; the value is microseconds or bytes, as the log is about. */
    public record Entry(long id, long unixSeconds, long value, List<byte[]> arguments, String clientAddress,
            String clientName) {}

    public synchronized void add(Session session, Command command, Request request, long value, long unixSeconds,
            long maxEntries) {
        entries.addFirst(new Entry(nextId++, unixSeconds, value, shortened(command, request), session.remoteAddress(),
                session.name()));
        trim(maxEntries);
    }

    private void trim(long maxEntries) {
        while (entries.size() > maxEntries) {
            entries.removeLast();
        }
    }

    private static List<byte[]> shortened(Command command, Request request) {
        List<byte[]> arguments = new ArrayList<>();
        int shown = request.count() > MAX_ARGUMENTS ? MAX_ARGUMENTS - 1 : request.count();
        for (int i = 0; i < shown; i++) {
            arguments.add(Secrets.isSecret(command, request, i)
                    ? ascii(Secrets.INSTEAD)
                    : shortened(request.argument(i)));
        }
        if (shown < request.count()) {
            arguments.add(ascii("... (%d more arguments)".formatted(request.count() - shown)));
        }
        return arguments;
    }

    private static byte[] shortened(Bytes argument) {
        if (argument.length() <= MAX_ARGUMENT_BYTES) {
            return argument.toByteArray();
        }
        byte[] first = new Bytes(argument.address(), MAX_ARGUMENT_BYTES).toByteArray();
        byte[] rest = ascii("... (%d more bytes)".formatted(argument.length() - MAX_ARGUMENT_BYTES));
        byte[] whole = new byte[first.length + rest.length];
        System.arraycopy(first, 0, whole, 0, first.length);
        System.arraycopy(rest, 0, whole, first.length, rest.length);
        return whole;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** The newest entries, at most so many. */
    public synchronized List<Entry> newest(long count) {
        return entries.stream().limit(count).toList();
    }

    public synchronized int length() {
        return entries.size();
    }

    public synchronized void reset() {
        entries.clear();
    }
}

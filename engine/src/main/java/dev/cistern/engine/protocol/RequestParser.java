package dev.cistern.engine.protocol;

import dev.cistern.store.Decimal;
import dev.cistern.store.Memory;
import org.jspecify.annotations.Nullable;

/**
 * Finds the requests in a run of received bytes, without copying them.
 *
 * <p>Resumable: when the bytes end inside a request, {@link #suspend} notes in the session's {@link Leftover} how far
 * it came and {@link #resume} goes on from there, so a request that arrives in a thousand pieces is scanned once.
 * Not a judge of commands: it knows arguments only. One per event loop; its own thread only.
 *
 * <pre>
 *   *2 CR LF  $4 CR LF  ECHO CR LF  $5 CR LF  hello CR LF     array of bulk strings
 *   ECHO "hel\x6co" LF                                        inline, for people with telnet
 * </pre>
 */
public final class RequestParser {

    /** What {@link #next} found. */
    public enum Result {
        /** A whole request is in the {@link Request}. */
        REQUEST,
        /** The bytes end before the request does. */
        NEEDS_MORE,
        /** The bytes are no request; {@link #error} tells why, and the connection cannot go on. */
        PROTOCOL_ERROR
    }

    /** The longest inline request, and the longest line that announces a length. */
    static final int MAX_LINE_BYTES = 64 * 1024;
    private static final int MAX_UNAUTHENTICATED_ARGUMENTS = 10;
    private static final int MAX_UNAUTHENTICATED_BULK_BYTES = 16 * 1024;
    private static final int MAX_ARGUMENTS = Integer.MAX_VALUE;
    static final int NONE = -1;

    private static final long LINE_INCOMPLETE = -1;
    private static final long LINE_TOO_LONG = -2;
    private static final long LINE_NO_NUMBER = -3;
    /** A well-formed number below zero; which one does not matter to anybody. */
    private static final long LINE_NEGATIVE = -4;

    private final InlineParser inlineParser = new InlineParser();
    private final Request request;

    private boolean authenticated;
    private long maxBulkBytes;

    private long start;
    private long position;
    private long limit;
    /** Arguments of the present request that are still to come; NONE between requests. */
    private int missingArguments = NONE;
    /** Length of the argument whose header has been read; NONE before the header. */
    private long bulkBytes = NONE;
    private String error = "";

    public RequestParser(Request request) {
        this.request = request;
    }

    /** What this connection may send. Asked again after each command that may change it. */
    public void limits(boolean authenticated, long maxBulkBytes) {
        this.authenticated = authenticated;
        this.maxBulkBytes = maxBulkBytes;
    }

    /** Starts on bytes at the border of a request. */
    public void begin(long address, long length) {
        start = address;
        position = address;
        limit = address + length;
        missingArguments = NONE;
        bulkBytes = NONE;
    }

    /** Goes on at the border of a request, those before it having been read elsewhere. */
    public void skipTo(long address) {
        start = address;
        position = address;
        missingArguments = NONE;
        bulkBytes = NONE;
    }

    /** Goes on with a leftover that now lies, with what arrived since, at the address. */
    public void resume(Leftover leftover, long address, long length) {
        begin(address, length);
        request.clear();
        position = address + leftover.scannedBytes;
        missingArguments = leftover.missingArguments;
        bulkBytes = leftover.bulkBytes;
        for (int i = 0; i < leftover.argumentCount; i++) {
            request.add(address + leftover.argumentOffsets[i], leftover.argumentLengths[i]);
        }
    }

    /** Notes how far the request that is being read has come. The bytes from {@link #start} on must be kept. */
    public void suspend(Leftover leftover) {
        leftover.scannedBytes = position - start;
        leftover.missingArguments = missingArguments;
        leftover.bulkBytes = bulkBytes;
        leftover.noteArguments(missingArguments == NONE ? 0 : request.count());
        for (int i = 0; i < leftover.argumentCount; i++) {
            leftover.argumentOffsets[i] = request.argument(i).address() - start;
            leftover.argumentLengths[i] = request.argument(i).length();
        }
    }

    /** Where the first byte lies that belongs to no request that was returned. */
    public long start() {
        return start;
    }

    public long unfinishedBytes() {
        return limit - start;
    }

    /** How many bytes the argument that is being read still lacks; 0 if that is not known yet. */
    public long missingBulkBytes() {
        return bulkBytes < 0 ? 0 : Math.max(0, bulkBytes + 2 - (limit - position));
    }

    /** The text of the protocol error. */
    public String error() {
        return error;
    }

    /** Reads the next request. Empty ones (a blank line, an array of no elements) are skipped, as in the original. */
    public Result next() {
        while (true) {
            if (missingArguments == NONE) {
                if (position >= limit) {
                    return Result.NEEDS_MORE;
                }
                if (Memory.getByte(position) != '*') {
                    Result result = inline();
                    if (result == Result.REQUEST && request.count() == 0) {
                        continue;
                    }
                    return result;
                }
                Result failure = arrayHeader();
                if (failure != null) {
                    return failure;
                }
                if (missingArguments == NONE) {
                    continue;
                }
            }
            return arguments();
        }
    }

    private @Nullable Result arrayHeader() {
        long count = line(position + 1);
        if (count == LINE_INCOMPLETE) {
            return Result.NEEDS_MORE;
        }
        if (count == LINE_TOO_LONG) {
            return fail("too big mbulk count string");
        }
        if (count == LINE_NO_NUMBER || count > MAX_ARGUMENTS) {
            return fail("invalid multibulk length");
        }
        if (count > MAX_UNAUTHENTICATED_ARGUMENTS && !authenticated) {
            return fail("unauthenticated multibulk length");
        }
        position = lineEnd;
        if (count <= 0) {
            start = position;
            return null;
        }
        missingArguments = (int) count;
        request.clear();
        return null;
    }

    private Result arguments() {
        while (missingArguments > 0) {
            if (bulkBytes == NONE) {
                Result failure = bulkHeader();
                if (failure != null) {
                    return failure;
                }
            }
            long end = position + bulkBytes + 2;
            if (end > limit) {
                return Result.NEEDS_MORE;
            }
            request.add(position, (int) bulkBytes);
            position = end;
            bulkBytes = NONE;
            missingArguments--;
        }
        missingArguments = NONE;
        start = position;
        return Result.REQUEST;
    }

    private @Nullable Result bulkHeader() {
        if (position >= limit) {
            return Result.NEEDS_MORE;
        }
        long length = line(position + 1);
        if (length == LINE_INCOMPLETE) {
            return Result.NEEDS_MORE;
        }
        if (length == LINE_TOO_LONG) {
            return fail("too big bulk count string");
        }
        int first = Memory.getByte(position) & 0xff;
        if (first != '$') {
            return fail("expected '$', got '" + (char) first + "'");
        }
        if (length < 0 || length > maxBulkBytes) {
            return fail("invalid bulk length");
        }
        if (length > MAX_UNAUTHENTICATED_BULK_BYTES && !authenticated) {
            return fail("unauthenticated bulk length");
        }
        position = lineEnd;
        bulkBytes = length;
        return null;
    }

    /** Where the line that {@link #line} read ends, its CR LF included. */
    private long lineEnd;

    /** The number from the address to the end of its line. Most are of one to three digits: those take a few steps. */
    private long line(long from) {
        long at = from;
        long value = 0;
        while (at < limit) {
            int digit = Memory.getByte(at) - '0';
            if (digit < 0 || digit > 9) {
                break;
            }
            value = value * 10 + digit;
            at++;
        }
        long digits = at - from;
        boolean canonical = digits == 1 || (digits > 1 && digits < 18 && Memory.getByte(from) != '0');
        if (canonical && at + 1 < limit && Memory.getByte(at) == '\r') {
            lineEnd = at + 2;
            return value;
        }
        return unusualLine(from);
    }

    /** Incomplete, negative or wrong, told apart in the original's order. */
    private long unusualLine(long from) {
        long at = from;
        while (at < limit && Memory.getByte(at) != '\r') {
            at++;
        }
        if (at >= limit) {
            return limit - (from - 1) > MAX_LINE_BYTES ? LINE_TOO_LONG : LINE_INCOMPLETE;
        }
        if (at + 1 >= limit) {
            return LINE_INCOMPLETE;
        }
        int length = (int) Math.min(at - from, Decimal.MAX_BYTES + 1L);
        long value = Decimal.parse(from, length);
        lineEnd = at + 2;
        if (!Decimal.isInteger(value, from, length)) {
            return LINE_NO_NUMBER;
        }
        return value < 0 ? LINE_NEGATIVE : value;
    }

    private Result inline() {
        long at = position;
        while (at < limit && Memory.getByte(at) != '\n') {
            at++;
        }
        if (at >= limit) {
            return limit - position > MAX_LINE_BYTES ? fail("too big inline request") : Result.NEEDS_MORE;
        }
        long end = at > position && Memory.getByte(at - 1) == '\r' ? at - 1 : at;
        request.clear();
        if (!inlineParser.split(position, end, request)) {
            return fail("unbalanced quotes in request");
        }
        position = at + 1;
        start = position;
        return Result.REQUEST;
    }

    private Result fail(String why) {
        error = "ERR Protocol error: " + why;
        return Result.PROTOCOL_ERROR;
    }
}

package dev.cistern.engine.dispatch;

import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.protocol.RequestParser;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import dev.cistern.store.Prefetcher;

/**
 * Reads the next few requests of a pipeline at once and has what the lookups of their keys will read fetched from
 * memory, so that the waits for it overlap. A lookup among 100,000 keys waits for two lines of memory, which is nearly
 * half of what a GET costs in a long pipeline.
 *
 * <p>What it has read is {@linkplain #take taken} one by one and not parsed again. It knows usual requests only: arrays
 * of a few short arguments, spelled as clients spell them, so that no limit of a session forbids them. Where anything
 * else begins, or the bytes end, the looking ends, and the {@link RequestParser} says what that is. The first argument
 * after the command is taken for a key, which nearly always holds, and the second for a field or member if the key is a
 * large hash or set. One per event loop; its thread only.
 */
final class LookAhead {
    /** Two requests of the shortest kind: below, there is nothing that could overlap. */
    private static final int WORTH_BYTES = 48;
    private static final int MOST_REQUESTS = Prefetcher.MOST_KEYS;
    /** Both within what even a session that has not said who it is may send. */
    private static final int MOST_ARGUMENTS = 9;
    private static final int MOST_BULK_BYTES = 16 * 1024;
    private static final int MOST_DIGITS = 5;
    private static final long STRANGE = -1;

    private final Prefetcher prefetcher = new Prefetcher();
    private final long[] addresses = new long[MOST_REQUESTS * MOST_ARGUMENTS];
    private final int[] lengths = new int[MOST_REQUESTS * MOST_ARGUMENTS];
    private final int[] counts = new int[MOST_REQUESTS];
    private final long[] ends = new long[MOST_REQUESTS];
    private int found;
    private int taken;
    private int takenKeys;
    /** Requests that begin before here have been looked at. */
    private long lookedUpTo;
    /** Where the argument that was read last ends, with its CR LF. */
    private long position;

    /** A new run of bytes begins. */
    void begin() {
        lookedUpTo = 0;
        found = 0;
        taken = 0;
    }

    /** Whether the request at the address is one that no one has looked at. */
    boolean isDue(long address) {
        return taken == found && Long.compareUnsigned(address, lookedUpTo) >= 0;
    }

    /** Looks at the requests from the address on, as many as are worth it. */
    void look(Keyspace keyspace, long address, long length) {
        found = 0;
        taken = 0;
        takenKeys = 0;
        if (length < WORTH_BYTES) {
            lookedUpTo = -1L; // of all addresses the last
            return;
        }
        long limit = address + length;
        position = address;
        while (found < MOST_REQUESTS && read(limit)) {
            found++;
        }
        // What ended the looking is not looked at again before it was executed.
        lookedUpTo = found == MOST_REQUESTS ? position : position + 1;
        prefetcher.fetch(keyspace);
    }

    /** The next of the requests that were looked at, if one is left; the parser goes on behind it. */
    boolean take(Request request, RequestParser parser) {
        if (taken == found) {
            return false;
        }
        request.clear();
        int first = taken * MOST_ARGUMENTS;
        int end = first + counts[taken];
        for (int i = first; i < end; i++) {
            request.add(addresses[i], lengths[i]);
        }
        if (request.count() > 1) {
            request.key(1).set(prefetcher.key(takenKeys));
            if (request.count() > 2) {
                request.argument(2).set(prefetcher.member(takenKeys));
            }
            takenKeys++;
        }
        parser.skipTo(ends[taken]);
        taken++;
        return true;
    }

    /** Reads one request; stops before one that is strange or not all there. */
    private boolean read(long limit) {
        long start = position;
        long arguments = header('*', limit);
        if (arguments < 1 || arguments > MOST_ARGUMENTS) {
            position = start;
            return false;
        }
        int first = found * MOST_ARGUMENTS;
        for (int i = first; i < first + arguments; i++) {
            long bytes = header('$', limit);
            if (bytes < 0 || bytes > MOST_BULK_BYTES || position + bytes + 2 > limit) {
                position = start;
                return false;
            }
            addresses[i] = position;
            lengths[i] = (int) bytes;
            position += bytes + 2;
        }
        counts[found] = (int) arguments;
        ends[found] = position;
        if (arguments > 2) {
            prefetcher.add(addresses[first + 1], lengths[first + 1], addresses[first + 2], lengths[first + 2]);
        } else if (arguments > 1) {
            prefetcher.add(addresses[first + 1], lengths[first + 1]);
        }
        return true;
    }

    /** The number in a line that begins with {@code kind}; goes behind its CR LF. Most are of one digit or two. */
    private long header(char kind, long limit) {
        long at = position;
        if (at + Long.BYTES > limit) {
            return longHeader(kind, limit);
        }
        long word = Memory.getLong(at);
        int digit = (int) (word >>> 8 & 0xFF) - '0';
        int next = (int) (word >>> 16 & 0xFF);
        if ((word & 0xFF) != kind || digit < 0 || digit > 9) {
            return STRANGE;
        }
        if (next == '\r') {
            position = at + 4;
            return digit;
        }
        int second = next - '0';
        if (digit != 0 && second >= 0 && second <= 9 && (word >>> 24 & 0xFF) == '\r') {
            position = at + 5;
            return digit * 10L + second;
        }
        return longHeader(kind, limit);
    }

    private long longHeader(char kind, long limit) {
        long at = position;
        if (at >= limit || Memory.getByte(at++) != kind) {
            return STRANGE;
        }
        long firstDigit = at;
        long digitsEnd = Math.min(limit - 2, at + MOST_DIGITS);
        long value = 0;
        while (at < digitsEnd) {
            int digit = Memory.getByte(at) - '0';
            if (digit < 0 || digit > 9) {
                break;
            }
            value = value * 10 + digit;
            at++;
        }
        long digits = at - firstDigit;
        if (digits == 0 || (digits > 1 && Memory.getByte(firstDigit) == '0') || at + 2 > limit
                || Memory.getByte(at) != '\r') {
            return STRANGE;
        }
        position = at + 2;
        return value;
    }
}

package dev.cistern.engine.dispatch;

import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import dev.cistern.store.Prefetcher;

/**
 * Looks ahead in a pipeline for the keys of the next few requests and has what their lookups will read fetched from
 * memory, so that the waits for it overlap. A lookup among 100,000 keys waits for two lines of memory, which is nearly
 * half of what a GET costs in a long pipeline.
 *
 * <p>It reads nothing for good: the parser reads each request again when its turn comes, and a request that looks
 * strange here only ends the looking ahead. The first argument after the command is taken for a key, which nearly
 * always holds. One per event loop; its thread only.
 */
final class LookAhead {
    /** Two requests of the shortest kind: below, there is nothing that could overlap. */
    private static final int WORTH_BYTES = 48;
    private static final int MOST_ARGUMENTS = 9;
    private static final int MOST_DIGITS = 7;
    private static final long STRANGE = -1;

    private final Prefetcher prefetcher = new Prefetcher();
    /** Requests that begin before here have been looked at. */
    private long lookedUpTo;
    /** Where the argument that was read last ends, with its CR LF. */
    private long position;
    private long keyAddress;
    private int keyLength;

    /** A new run of bytes begins. */
    void begin() {
        lookedUpTo = 0;
    }

    /** Whether the request at the address is one that no one has looked at. */
    boolean isDue(long address) {
        return Long.compareUnsigned(address, lookedUpTo) >= 0;
    }

    /** Looks at the requests from the address on, as many as are worth it. */
    void look(Keyspace keyspace, long address, long length) {
        if (length < WORTH_BYTES) {
            lookedUpTo = -1L; // of all addresses the last
            return;
        }
        long limit = address + length;
        position = address;
        while (prefetcher.count() < Prefetcher.MOST_KEYS && skipRequest(limit)) {
            prefetcher.add(keyAddress, keyLength);
        }
        // What ended the looking is not looked at again before it was executed.
        lookedUpTo = position + 1;
        prefetcher.fetch(keyspace);
    }

    /** Goes over one request with a key; stops before one that is strange, has none or is not all there. */
    private boolean skipRequest(long limit) {
        long start = position;
        long arguments = header('*', limit);
        if (arguments < 2 || arguments > MOST_ARGUMENTS) {
            position = start;
            return false;
        }
        for (long i = 0; i < arguments; i++) {
            long bytes = header('$', limit);
            if (bytes == STRANGE || position + bytes + 2 > limit) {
                position = start;
                return false;
            }
            if (i == 1) {
                keyAddress = position;
                keyLength = (int) bytes;
            }
            position += bytes + 2;
        }
        return true;
    }

    /** The number in a line that begins with {@code kind}; goes behind its CR LF. */
    private long header(char kind, long limit) {
        long at = position;
        if (at >= limit || Memory.getByte(at++) != kind) {
            return STRANGE;
        }
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
        if (at + 2 > limit || Memory.getByte(at) != '\r') {
            return STRANGE;
        }
        position = at + 2;
        return value;
    }
}

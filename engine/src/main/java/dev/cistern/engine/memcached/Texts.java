package dev.cistern.engine.memcached;

import java.nio.charset.StandardCharsets;

/** The fixed replies of the text protocol in the original's words, line ends included. */
final class Texts {
    static final byte[] STORED = line("STORED");
    static final byte[] NOT_STORED = line("NOT_STORED");
    static final byte[] EXISTS = line("EXISTS");
    static final byte[] NOT_FOUND = line("NOT_FOUND");
    static final byte[] DELETED = line("DELETED");
    static final byte[] TOUCHED = line("TOUCHED");
    static final byte[] OK = line("OK");
    static final byte[] END = line("END");
    static final byte[] RESET = line("RESET");
    static final byte[] META_NO_OP = line("MN");
    static final byte[] META_MISS = line("EN");
    static final byte[] ERROR = line("ERROR");
    static final byte[] BAD_FORMAT = line("CLIENT_ERROR bad command line format");
    static final byte[] BAD_LINE = line("CLIENT_ERROR bad command line");
    static final byte[] BAD_CHUNK = line("CLIENT_ERROR bad data chunk");
    static final byte[] BAD_EXPTIME = line("CLIENT_ERROR invalid exptime argument");
    static final byte[] BAD_DELTA = line("CLIENT_ERROR invalid numeric delta argument");
    static final byte[] NON_NUMERIC = line("CLIENT_ERROR cannot increment or decrement non-numeric value");
    static final byte[] BAD_DELETE = line("CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]");
    static final byte[] TOO_LARGE = line("SERVER_ERROR object too large for cache");
    static final byte[] NO_MEMORY_STORING = line("SERVER_ERROR out of memory storing object");
    static final byte[] NO_MEMORY = line("SERVER_ERROR out of memory");
    static final byte[] NO_MEMORY_ADDING = line("SERVER_ERROR Out of memory allocating new item");
    static final byte[] NO_FLUSH = line("CLIENT_ERROR flush_all not allowed");
    static final byte[] NO_SHUTDOWN = line("ERROR: shutdown not enabled");
    static final byte[] TOO_MANY_CONNECTIONS = line("ERROR Too many open connections");
    static final byte[] UNAUTHENTICATED = line("CLIENT_ERROR unauthenticated");
    static final byte[] BAD_TERMINATION = line("CLIENT_ERROR bad command line termination");
    static final byte[] BAD_AUTHENTICATION = line("CLIENT_ERROR bad authentication token format");
    static final byte[] AUTHENTICATION_FAILED = line("CLIENT_ERROR authentication failure");
    static final byte[] BUG = line("SERVER_ERROR internal error");

    static final byte[] DUPLICATE_FLAG = line("CLIENT_ERROR duplicate flag");
    static final byte[] INVALID_FLAG = line("CLIENT_ERROR invalid flag");
    static final byte[] INVALID_OR_DUPLICATE_FLAG = line("CLIENT_ERROR invalid or duplicate flag");
    static final byte[] BAD_TOKEN = line("CLIENT_ERROR bad token in command line format");
    static final byte[] BAD_KEY_TEXT = line("CLIENT_ERROR error decoding key");
    static final byte[] BAD_MODE_LENGTH = line("CLIENT_ERROR incorrect length for M token");
    static final byte[] BAD_INITIAL = line("CLIENT_ERROR invalid numeric initial value");
    static final byte[] BAD_META_DELTA = line("CLIENT_ERROR invalid numeric delta value");
    static final byte[] LONG_OPAQUE = line("CLIENT_ERROR opaque token too long");
    static final byte[] FLAGS_ARE_TOO_LONG = line("CLIENT_ERROR options flags are too long");
    static final byte[] FLAGS_TOO_LONG = line("CLIENT_ERROR options flags too long");
    static final byte[] BAD_SET_MODE = line("CLIENT_ERROR invalid mode for ms M token");
    static final byte[] BAD_ARITHMETIC_MODE = line("CLIENT_ERROR invalid mode for ma M token");

    private Texts() {}

    private static byte[] line(String text) {
        return (text + "\r\n").getBytes(StandardCharsets.US_ASCII);
    }
}

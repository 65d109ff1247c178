package dev.cistern.engine.memcached;

import java.nio.charset.StandardCharsets;

/** The status of a binary reply, with the text that goes with an error. */
enum Status {
    DONE(0x00, ""), //
    NOT_FOUND(0x01, "Not found"), //
    EXISTS(0x02, "Data exists for key."), //
    TOO_LARGE(0x03, "Too large."), //
    INVALID(0x04, "Invalid arguments"), //
    NOT_STORED(0x05, "Not stored."), //
    NON_NUMERIC(0x06, "Non-numeric server-side value for incr or decr"), //
    AUTHENTICATION_FAILED(0x20, "Auth failure."), //
    UNKNOWN_COMMAND(0x81, "Unknown command"), //
    NO_MEMORY(0x82, "Out of memory allocating item");

    private final int code;
    @SuppressWarnings("ImmutableEnumChecker") // nobody writes into it
    private final byte[] text;

    Status(int code, String text) {
        this.code = code;
        this.text = text.getBytes(StandardCharsets.US_ASCII);
    }

    int code() {
        return code;
    }

    byte[] text() {
        return text;
    }
}

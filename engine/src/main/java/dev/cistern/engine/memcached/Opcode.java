package dev.cistern.engine.memcached;

/**
 * The operations of the binary protocol. A quiet one differs from its plain form only in what it leaves unsaid.
 *
 * <p>The codes are on the wire: the protocol's own, and ElastiCache's three for auto discovery.
 */
enum Opcode {
    GET(0x00), SET(0x01), ADD(0x02), REPLACE(0x03), DELETE(0x04), INCREMENT(0x05), DECREMENT(0x06), QUIT(0x07), //
    FLUSH(0x08), GETQ(0x09, GET), NOOP(0x0a), VERSION(0x0b), GETK(0x0c), GETKQ(0x0d, GETK), APPEND(0x0e), //
    PREPEND(0x0f), STAT(0x10), SETQ(0x11, SET), ADDQ(0x12, ADD), REPLACEQ(0x13, REPLACE), DELETEQ(0x14, DELETE), //
    INCREMENTQ(0x15, INCREMENT), DECREMENTQ(0x16, DECREMENT), QUITQ(0x17, QUIT), FLUSHQ(0x18, FLUSH), //
    APPENDQ(0x19, APPEND), PREPENDQ(0x1a, PREPEND), TOUCH(0x1c), GAT(0x1d), GATQ(0x1e, GAT), //
    SASL_LIST_MECHANISMS(0x20), SASL_AUTHENTICATE(0x21), SASL_STEP(0x22), GATK(0x23), GATKQ(0x24, GATK), //
    CONFIG_GET(0x60), CONFIG_SET(0x64), CONFIG_DELETE(0x66), //
    UNKNOWN(-1);

    private static final Opcode[] BY_CODE = new Opcode[256];

    static {
        java.util.Arrays.fill(BY_CODE, UNKNOWN);
        for (Opcode opcode : values()) {
            if (opcode.code >= 0) {
                BY_CODE[opcode.code] = opcode;
            }
        }
    }

    private final int code;
    private final Opcode plain;
    private final boolean quiet;

    Opcode(int code) {
        this.code = code;
        this.plain = this;
        this.quiet = false;
    }

    Opcode(int code, Opcode plain) {
        this.code = code;
        this.plain = plain;
        this.quiet = true;
    }

    static Opcode of(int code) {
        return BY_CODE[code];
    }

    /** The operation that it does. */
    Opcode plain() {
        return plain;
    }

    boolean isQuiet() {
        return quiet;
    }
}

package dev.cistern.engine.rdb;

/** The numbers of the format. They are the original's and stand in files: none ever changes. */
public final class Rdb {
    /** What we write: the version of Redis 7.0, which everything since reads. */
    public static final int VERSION = 10;
    /** The highest version of Redis and Valkey 7.2 to 8.1 that we read. */
    public static final int MAX_VERSION = 11;
    /** What Valkey 9 writes; the only one besides that has hash fields with deadlines. */
    public static final int VALKEY_VERSION = 80;

    static final int STRING = 0;
    static final int LIST = 1;
    static final int SET = 2;
    static final int ZSET = 3;
    static final int HASH = 4;
    static final int ZSET_2 = 5;
    static final int HASH_ZIPMAP = 9;
    static final int LIST_ZIPLIST = 10;
    static final int SET_INTSET = 11;
    static final int ZSET_ZIPLIST = 12;
    static final int HASH_ZIPLIST = 13;
    static final int LIST_QUICKLIST = 14;
    static final int STREAM_LISTPACKS = 15;
    static final int HASH_LISTPACK = 16;
    static final int ZSET_LISTPACK = 17;
    static final int LIST_QUICKLIST_2 = 18;
    static final int STREAM_LISTPACKS_2 = 19;
    static final int SET_LISTPACK = 20;
    static final int STREAM_LISTPACKS_3 = 21;
    /** Valkey 9: a hash whose fields have deadlines. */
    static final int HASH_2 = 22;

    public static final int SLOT_INFO = 244;
    public static final int FUNCTION_2 = 245;
    public static final int MODULE_AUX = 247;
    public static final int IDLE = 248;
    public static final int FREQ = 249;
    public static final int AUX = 250;
    public static final int RESIZE_DB = 251;
    public static final int EXPIRE_TIME_MS = 252;
    public static final int EXPIRE_TIME = 253;
    public static final int SELECT_DB = 254;
    public static final int EOF = 255;

    /** A node of a quicklist: one long element, or a listpack of several. */
    static final int NODE_PLAIN = 1;
    static final int NODE_PACKED = 2;

    /** The upper two bits of a length say how it is spelled. */
    static final int LENGTH_6_BIT = 0;
    static final int LENGTH_14_BIT = 1;
    static final int LENGTH_ENCODED = 3;
    static final int LENGTH_32_BIT = 0x80;
    static final int LENGTH_64_BIT = 0x81;

    static final int ENCODED_INT8 = 0;
    static final int ENCODED_INT16 = 1;
    static final int ENCODED_INT32 = 2;
    static final int ENCODED_LZF = 3;

    /** At the end of what DUMP answers: version (2 bytes) and checksum (8), both little-endian. */
    public static final int FOOTER_BYTES = 10;

    private Rdb() {}
}

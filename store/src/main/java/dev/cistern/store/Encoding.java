package dev.cistern.store;

/** How bytes hold a value. The codes stand in entries: append only, four bits. */
public enum Encoding {
    /** A string of any length, as bytes: longer than {@link #EMBEDDED_MAX_BYTES}, or changed in place. */
    RAW(0, "raw"),
    /** A string that reads as a 64-bit integer, as eight bytes. */
    INT(1, "int"),
    /** A short string, as bytes. Held just like RAW: the original tells them apart, so users see both words. */
    EMBSTR(2, "embstr"),
    /** A small collection: elements one after the other in the entry's value. */
    LISTPACK(3, "listpack"),
    /** A small set of integers, sorted, in the entry's value. */
    INTSET(4, "intset"),
    /** A large hash or set. */
    HASHTABLE(5, "hashtable"),
    /** A large list. */
    QUICKLIST(6, "quicklist"),
    /** A large sorted set. */
    SKIPLIST(7, "skiplist"),
    /** A stream. */
    STREAM(8, "stream");

    /** The encodings from this code on are those of a {@link LargeValue}. */
    private static final int FIRST_LARGE_CODE = 5;

    /** The longest string that the original calls embstr. */
    public static final int EMBEDDED_MAX_BYTES = 44;

    private static final Encoding[] BY_CODE = values();

    private final int code;
    private final String encodingName;

    Encoding(int code, String encodingName) {
        this.code = code;
        this.encodingName = encodingName;
    }

    /** The number in the entry. */
    public int code() {
        return code;
    }

    /** The word that OBJECT ENCODING answers. */
    public String encodingName() {
        return encodingName;
    }

    /** Whether an entry's value is but a root, and the elements lie elsewhere. */
    static boolean isLarge(int code) {
        return code >= FIRST_LARGE_CODE;
    }

    static Encoding of(int code) {
        return BY_CODE[code];
    }
}

package dev.cistern.store;

/** What a user sees in a key. The codes stand in entries and in files: append only, four bits. */
public enum ValueType {
    STRING(0, "string"), LIST(1, "list"), SET(2, "set"), SORTED_SET(3, "zset"), HASH(4, "hash"), STREAM(5, "stream");

    private static final ValueType[] BY_CODE = values();

    private final int code;
    private final String typeName;

    ValueType(int code, String typeName) {
        this.code = code;
        this.typeName = typeName;
    }

    /** The persisted number. */
    public int code() {
        return code;
    }

    /** The word that TYPE answers. */
    public String typeName() {
        return typeName;
    }

    static ValueType of(int code) {
        return BY_CODE[code];
    }
}

package dev.cistern.engine.commands;

import dev.cistern.store.Bytes;
import dev.cistern.store.Hashes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.ValueType;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A pattern of SORT's BY or GET: the name of a key with a star, which stands for the element, and perhaps the field of a
 * hash behind an arrow; or {@code #}, the element itself.
 *
 * <p>As for the original, the star and the arrow are looked for before the first NUL only. Lives as long as its command;
 * the stripes of the keys that it leads to are held.
 */
final class SortPattern {
    private final byte[] text;
    private final int star;
    /** Where the field begins; 0 without one. */
    private final int field;

    SortPattern(byte[] text) {
        this.text = text;
        this.star = indexOf('*', 0);
        this.field = star < 0 ? 0 : fieldAfter(star + 1);
    }

    private int indexOf(int letter, int from) {
        for (int i = from; i < text.length && text[i] != 0; i++) {
            if (text[i] == letter) {
                return i;
            }
        }
        return -1;
    }

    private int fieldAfter(int from) {
        for (int dash = indexOf('-', from); dash >= 0; dash = indexOf('-', dash + 1)) {
            if (dash + 1 < text.length && text[dash + 1] == '>') {
                boolean named = dash + 2 < text.length && text[dash + 2] != 0;
                return named ? dash + 2 : 0;
            }
        }
        return 0;
    }

    /** Whether it names another key for each element. */
    boolean hasPlace() {
        return star >= 0;
    }

    /** What it leads to for this element: a copy, or null if there is nothing. */
    byte @Nullable [] valueFor(byte[] element, Keyspace keyspace) {
        if (text.length == 1 && text[0] == '#') {
            return element;
        }
        if (star < 0) {
            return null;
        }
        Bytes key = Bytes.copyOf(keyFor(element));
        try {
            return valueAt(key, keyspace);
        } finally {
            key.free();
        }
    }

    private byte[] keyFor(byte[] element) {
        int restEnd = field == 0 ? text.length : field - 2;
        int rest = restEnd - star - 1;
        byte[] key = new byte[star + element.length + rest];
        System.arraycopy(text, 0, key, 0, star);
        System.arraycopy(element, 0, key, star, element.length);
        System.arraycopy(text, star + 1, key, star + element.length, rest);
        return key;
    }

    private byte @Nullable [] valueAt(Bytes key, Keyspace keyspace) {
        long entry = keyspace.find(key);
        if (entry == Keyspace.ABSENT) {
            return null;
        }
        ValueType type = keyspace.type(entry);
        if (field > 0) {
            return type == ValueType.HASH ? fieldOf(entry, keyspace) : null;
        }
        return type == ValueType.STRING ? keyspace.readString(entry, new Bytes()).toByteArray() : null;
    }

    private byte @Nullable [] fieldOf(long entry, Keyspace keyspace) {
        Hashes hashes = keyspace.hashes();
        hashes.openEntry(entry);
        Bytes name = Bytes.copyOf(Arrays.copyOfRange(text, field, text.length));
        try {
            Bytes value = new Bytes();
            return hashes.get(name, value) ? value.toByteArray() : null;
        } finally {
            name.free();
        }
    }
}

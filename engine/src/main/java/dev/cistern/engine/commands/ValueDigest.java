package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.Session;
import dev.cistern.store.Bytes;
import dev.cistern.store.EntryVisitor;
import dev.cistern.store.Hashes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Lists;
import dev.cistern.store.OpenSet;
import dev.cistern.store.SortedSets;
import dev.cistern.store.StreamWalk;
import dev.cistern.store.ValueType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * A digest of data that does not depend on how it is held: DEBUG DIGEST and DIGEST-VALUE, byte by byte the original's.
 *
 * <p>What has an order is mixed in, one after the other; what has none is added by exclusive or. For tests: it allocates
 * as it likes. Lives as long as its command; the stripes of what is digested are held.
 */
final class ValueDigest {
    private static final int BYTES = 20;
    /** The original's number for streams; those of the other types are ours too. */
    private static final int STREAM_TYPE = 6;

    private final MessageDigest sha1;
    private final Bytes view = new Bytes();
    private final Bytes second = new Bytes();
    private byte[] digest = new byte[BYTES];

    ValueDigest() {
        try {
            sha1 = MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    /** All databases of the session's node. Takes stripe by stripe, so what changes meanwhile shows or not. */
    byte[] ofAll(Session session) {
        byte[] all = new byte[BYTES];
        int databases = session.keyspace().store().databases();
        for (int database = 0; database < databases; database++) {
            Keyspace keyspace = session.keyspace(database);
            if (keyspace.size() > 0) {
                mix(all, number(database));
                addKeys(all, keyspace);
            }
        }
        return all;
    }

    private void addKeys(byte[] all, Keyspace keyspace) {
        EntryVisitor adder = (shown, entry) -> {
            digest = new byte[BYTES];
            mix(digest, shown.readKey(entry, view).toByteArray());
            addValue(shown, entry);
            add(all, digest);
        };
        long cursor = 0;
        do {
            cursor = keyspace.scan(cursor, Integer.MAX_VALUE, adder);
        } while (cursor != 0);
    }

    /** The value of one key; zeros if there is none. */
    byte[] ofValue(Keyspace keyspace, Bytes key) {
        digest = new byte[BYTES];
        long entry = keyspace.find(key, Keyspace.NO_TOUCH | Keyspace.NO_STATS);
        if (entry != Keyspace.ABSENT) {
            addValue(keyspace, entry);
        }
        return digest;
    }

    private void addValue(Keyspace keyspace, long entry) {
        ValueType type = keyspace.type(entry);
        mix(digest, number(type == ValueType.STREAM ? STREAM_TYPE : type.code()));
        boolean expires = keyspace.deadlineMillis(entry) != Keyspace.NO_DEADLINE;
        switch (type) {
            case STRING -> mix(digest, keyspace.readString(entry, view).toByteArray());
            case LIST -> addList(keyspace.lists(), entry);
            case SET -> addSet(keyspace.sets().at(0), entry);
            case SORTED_SET -> addSortedSet(keyspace.sortedSets(), entry);
            case HASH -> addHash(keyspace.hashes(), entry);
            case STREAM -> addStream(keyspace, entry);
        }
        if (expires) {
            add(digest, ascii("!!expire!!"));
        }
    }

    private void addList(Lists lists, long entry) {
        lists.openEntry(entry);
        for (boolean more = lists.seek(0); more; more = lists.next()) {
            mix(digest, lists.read(view).toByteArray());
        }
    }

    private void addSet(OpenSet set, long entry) {
        set.openEntry(entry);
        set.beginWalk();
        while (set.next(view)) {
            add(digest, view.toByteArray());
        }
    }

    private void addSortedSet(SortedSets sets, long entry) {
        sets.openEntry(entry);
        for (boolean more = sets.seek(0); more; more = sets.next()) {
            byte[] member = new byte[BYTES];
            mix(member, sets.read(view).toByteArray());
            mix(member, ascii(SortedWalkCommands.scannedText(sets.score())));
            add(digest, member);
        }
    }

    private void addHash(Hashes hashes, long entry) {
        hashes.openEntry(entry);
        hashes.beginWalk();
        while (hashes.next(view, second)) {
            byte[] field = new byte[BYTES];
            mix(field, view.toByteArray());
            mix(field, second.toByteArray());
            add(digest, field);
        }
    }

    private void addStream(Keyspace keyspace, long entry) {
        keyspace.streams().openEntry(entry);
        StreamWalk walk = keyspace.streams().walk();
        walk.begin(0, 0, -1, -1, false);
        while (walk.next()) {
            mix(digest, ascii(Long.toUnsignedString(walk.millis()) + "." + Long.toUnsignedString(walk.sequence())));
            for (int i = walk.fields(); i > 0; i--) {
                walk.nextField(view, second);
                mix(digest, view.toByteArray());
                mix(digest, second.toByteArray());
            }
        }
    }

    // --- the two ways to bring something in ---

    /** The order of calls does not matter. */
    private void add(byte[] target, byte[] bytes) {
        byte[] hash = sha1.digest(bytes);
        for (int i = 0; i < BYTES; i++) {
            target[i] ^= hash[i];
        }
    }

    /** The order of calls matters. */
    private void mix(byte[] target, byte[] bytes) {
        add(target, bytes);
        System.arraycopy(sha1.digest(target), 0, target, 0, BYTES);
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(value).array();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}

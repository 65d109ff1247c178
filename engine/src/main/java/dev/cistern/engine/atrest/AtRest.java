package dev.cistern.engine.atrest;

import dev.cistern.engine.settings.Settings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's keys: which one seals what the node writes, and which open what it reads.
 *
 * <p>The keystore is looked at again each time that a file is begun or opened, so that a new version of a key seals from the
 * next file on without anybody telling the node. Any thread.
 */
public final class AtRest {
    private static final Logger LOG = LoggerFactory.getLogger(AtRest.class);
    /** The id by which a node has keys to read with, and seals nothing. */
    public static final String NO_KEY = "none";

    private final String keystore;
    private final String keyName;
    private KeyRing keys = KeyRing.NONE;
    private @Nullable FileTime readTime;

    public AtRest(Settings settings) {
        this(settings.atRestKeyFile.value(), settings.atRestKeyId.value());
    }

    /**
     * @param keystore the path of the keystore; empty for none
     * @param keyName id or Amazon Resource Name of the key that seals; empty for the keystore's first
     */
    public AtRest(String keystore, String keyName) {
        this.keystore = keystore;
        this.keyName = keyName;
    }

    /** Throws when what is set cannot be: better at the start than when the first file is to be written. */
    public void check() throws IOException {
        var _ = key();
    }

    /** What files are opened with. */
    public synchronized KeyRing keys() throws IOException {
        if (keystore.isEmpty()) {
            return KeyRing.NONE;
        }
        KeyStoreFile file = new KeyStoreFile(Path.of(keystore));
        try {
            FileTime time = Files.exists(file.path()) ? Files.getLastModifiedTime(file.path()) : null;
            if (time == null || !time.equals(readTime)) {
                keys = file.read();
                readTime = time;
            }
        } catch (IOException e) {
            if (keys.isEmpty()) {
                throw e;
            }
            LOG.warn("the keys that were read before are used on: {}", e.getMessage());
        }
        return keys;
    }

    /** What seals the next file; null if nothing is sealed. */
    public @Nullable DataKey key() throws IOException {
        if (keystore.isEmpty() || keyName.equals(NO_KEY)) {
            if (keystore.isEmpty() && !keyName.isEmpty() && !keyName.equals(NO_KEY)) {
                throw new IOException("at-rest-key-id needs at-rest-key-file");
            }
            return null;
        }
        KeyRing present = keys();
        StoredKey named = keyName.isEmpty() && !present.isEmpty()
                ? present.keys().getFirst()
                : present.named(keyName);
        if (named == null) {
            throw new IOException(keyName.isEmpty()
                    ? "keystore " + keystore + " has no key"
                    : "keystore " + keystore + " has no key " + keyName);
        }
        return named.newest();
    }

    /** Where a file's bytes go, sealed if they are to be: the file is whole when the answer is closed, and still open. */
    public WritableByteChannel begin(FileChannel file) throws IOException {
        return begin(file, key());
    }

    static WritableByteChannel begin(FileChannel file, @Nullable DataKey key) throws IOException {
        WritableByteChannel lasting = new Lasting(file);
        return key == null ? lasting : SealedStream.begin(key, lasting);
    }

    /** The records of a log's file that is empty; null if they are not sealed. */
    public @Nullable SealedRecords beginRecords(FileChannel channel, Path file) throws IOException {
        DataKey key = key();
        return key == null ? null : SealedRecords.create(key, channel, file);
    }

    /** Whether a file was sealed with the key that seals now, in its newest version; or neither is. */
    public boolean isAsWanted(Path file) throws IOException {
        DataKey key = key();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            FileHead head = FileHead.read(channel, file);
            return head == null
                    ? key == null
                    : key != null && head.keyId().equals(key.id()) && head.keyVersion() == key.version();
        }
    }

    /** A file that was begun here and is read back from any place; null if it is not sealed. */
    public @Nullable SealedStream reopen(FileChannel channel, Path file) throws IOException {
        FileHead head = FileHead.read(channel, file);
        return head == null ? null : SealedStream.open(channel, head, keys(), file);
    }

    /** Stays open when what is written through it ends. */
    private record Lasting(FileChannel file) implements WritableByteChannel {

        @Override
        public int write(ByteBuffer bytes) throws IOException {
            int written = bytes.remaining();
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
            return written;
        }

        @Override
        public boolean isOpen() {
            return file.isOpen();
        }

        @Override
        public void close() {
            // What was begun is whole; the file is its opener's to force and close.
        }
    }
}

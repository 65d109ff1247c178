package dev.cistern.engine.atrest;

import com.google.crypto.tink.subtle.AesGcmHkdfStreaming;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.security.GeneralSecurityException;

/**
 * A file that is sealed in one go, and read from any place.
 *
 * <pre>
 *   FileHead, 64 bytes · a stream of Tink's AES256-GCM-HKDF, in segments of 64 KB, each with 16 bytes of authentication
 * </pre>
 *
 * <p>The stream has the head as associated data. Tink derives its key from ours, a salt and the head; a segment's nonce has
 * its number, and whether it is the last: so none can be changed, moved, left out, or taken from another file.
 *
 * <p>Reading takes one thread at a time; several may each have one of these on the same file.
 */
public final class SealedStream {
    static final int SEGMENT_BYTES = 64 * 1024;

    private final Path file;
    private final SeekableByteChannel plain;
    private final long length;

    private SealedStream(Path file, SeekableByteChannel plain) throws IOException {
        this.file = file;
        this.plain = plain;
        this.length = plain.size();
    }

    private static AesGcmHkdfStreaming streaming(DataKey key) throws GeneralSecurityException {
        return new AesGcmHkdfStreaming(key.secret(), "HmacSha256", DataKey.SECRET_BYTES, SEGMENT_BYTES, 0);
    }

    /** Begins a file: what is written to the answer is sealed to the target, whole when the answer is closed. */
    static WritableByteChannel begin(DataKey key, WritableByteChannel target) throws IOException {
        FileHead head = FileHead.create(FileHead.Form.STREAM, key);
        ByteBuffer bytes = ByteBuffer.wrap(head.bytes());
        while (bytes.hasRemaining()) {
            target.write(bytes);
        }
        try {
            return streaming(key).newEncryptingChannel(target, head.bytes());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has AES-GCM", e);
        }
    }

    /** Opens what follows a head. The channel remains the caller's. */
    static SealedStream open(FileChannel channel, FileHead head, KeyRing keys, Path file) throws IOException {
        try {
            SeekableByteChannel behind = new BehindHead(channel);
            return new SealedStream(file, streaming(head.key(keys, file)).newSeekableDecryptingChannel(behind,
                    head.bytes()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has AES-GCM", e);
        } catch (SealedFileException e) {
            throw e;
        } catch (IOException e) {
            throw new SealedFileException(file, FileHead.BYTES, "it is encrypted, and too short: its end is missing");
        }
    }

    /** Bytes when opened. True only if the last can be read. */
    public long length() {
        return length;
    }

    /** Fills the target from there on. Throws {@link SealedFileException} where the file is not what was written. */
    public void read(long position, ByteBuffer target) throws IOException {
        try {
            plain.position(position);
            while (target.hasRemaining()) {
                if (plain.read(target) < 0) {
                    throw new IOException("its end");
                }
            }
        } catch (IOException e) {
            long at = position / SEGMENT_BYTES * SEGMENT_BYTES;
            throw new SealedFileException(file, at, "what is encrypted in it at byte " + at + " or a little behind "
                    + "cannot be opened: it is damaged, was changed or cut off, or its key is another one");
        }
    }

    /** Reads all, to see that it is whole. */
    void verifyEnd() throws IOException {
        if (length == 0) {
            try {
                plain.position(0);
                plain.read(ByteBuffer.allocate(1));
            } catch (IOException e) {
                throw new SealedFileException(file, FileHead.BYTES, "its only segment cannot be opened: it is damaged, "
                        + "or its key is another one");
            }
        }
    }

    /** The file without its head, with a place of its own. */
    private static final class BehindHead implements SeekableByteChannel {
        private final FileChannel file;
        private long position;

        BehindHead(FileChannel file) {
            this.file = file;
        }

        @Override
        public int read(ByteBuffer target) throws IOException {
            int read = file.read(target, FileHead.BYTES + position);
            position += Math.max(0, read);
            return read;
        }

        @Override
        public int write(ByteBuffer source) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long position() {
            return position;
        }

        @Override
        public SeekableByteChannel position(long value) {
            position = value;
            return this;
        }

        @Override
        public long size() throws IOException {
            return Math.max(0, file.size() - FileHead.BYTES);
        }

        @Override
        public SeekableByteChannel truncate(long size) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean isOpen() {
            return file.isOpen();
        }

        @Override
        public void close() {
            // The file is its opener's.
        }
    }
}

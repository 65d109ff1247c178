package dev.cistern.engine.atrest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Writes what one file says to another: sealed with another key, or not sealed at all.
 *
 * <p>Never holds more than a part of it, and leaves nothing between the two. Any thread.
 */
public final class Transcript {
    private static final int CHUNK_BYTES = 1 << 20;

    private Transcript() {}

    /** Writes it to a file's end; null for no key. The target remains the caller's. */
    public static void write(Path from, KeyRing keys, FileChannel target, @Nullable DataKey key) throws IOException {
        try (WritableByteChannel sealed = AtRest.begin(target, key)) {
            open(from, keys, sealed);
        }
    }

    /** Writes the plain bytes. */
    public static void open(Path from, KeyRing keys, WritableByteChannel target) throws IOException {
        try (FileChannel source = FileChannel.open(from, StandardOpenOption.READ)) {
            FileHead head = FileHead.read(source, from);
            if (head == null) {
                copy(source, target);
            } else if (head.form() == FileHead.Form.STREAM) {
                copy(SealedStream.open(source, head, keys, from), target);
            } else {
                records(from, keys, target);
            }
        }
    }

    private static void copy(FileChannel source, WritableByteChannel target) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
        while (source.read(chunk.clear()) >= 0) {
            put(chunk.flip(), target);
        }
    }

    private static void copy(SealedStream source, WritableByteChannel target) throws IOException {
        source.verifyEnd();
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
        for (long at = 0; at < source.length(); at += CHUNK_BYTES) {
            chunk.clear().limit((int) Math.min(CHUNK_BYTES, source.length() - at));
            source.read(at, chunk);
            put(chunk.flip(), target);
        }
    }

    private static void records(Path from, KeyRing keys, WritableByteChannel target) throws IOException {
        try (PlainBytes plain = PlainBytes.of(from, keys)) {
            for (long at = 0; at < plain.length(); at += CHUNK_BYTES) {
                put(PlainBytes.buffer(plain.address() + at, (int) Math.min(CHUNK_BYTES, plain.length() - at)), target);
            }
        }
    }

    private static void put(ByteBuffer bytes, WritableByteChannel target) throws IOException {
        while (bytes.hasRemaining()) {
            target.write(bytes);
        }
    }
}

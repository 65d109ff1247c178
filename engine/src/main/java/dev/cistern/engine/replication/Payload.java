package dev.cistern.engine.replication;

import dev.cistern.engine.atrest.AtRest;
import dev.cistern.engine.atrest.SealedStream;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot on its way to one or more replicas: a file that nobody else sees, there until the last one has it. Mapped, or
 * opened piece by piece where it is encrypted.
 */
final class Payload {
    /** What the file is called when something is wrong with it: it has no name any more. */
    private static final Path NAME = Path.of("the snapshot for replicas");

    private final Arena arena = Arena.ofShared();
    private final FileChannel file;
    private final AtRest atRest;
    private final @Nullable MemorySegment mapped;
    private final long length;
    private final AtomicInteger users;

    /** Takes the file over. */
    Payload(FileChannel file, int users, AtRest atRest) throws IOException {
        this.file = file;
        this.atRest = atRest;
        this.users = new AtomicInteger(users);
        SealedStream sealed = atRest.reopen(file, NAME);
        this.mapped = sealed == null ? file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena) : null;
        this.length = sealed == null ? file.size() : sealed.length();
    }

    long length() {
        return length;
    }

    /** For one of its users, which releases it. */
    Reader reader() {
        return new Reader();
    }

    /** One user's view of it. One thread at a time. */
    final class Reader {
        private @Nullable SealedStream sealed;
        private long buffer;
        private int capacity;

        long length() {
            return length;
        }

        /** Where the bytes from there on are, until the next call. */
        long read(long position, int bytes) {
            if (mapped != null) {
                return mapped.address() + position;
            }
            if (buffer == 0) {
                buffer = Memory.allocate(MemoryTag.REPLICATION, bytes);
                capacity = bytes;
            }
            try {
                stream().read(position, MemorySegment.ofAddress(buffer).reinterpret(bytes).asByteBuffer());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return buffer;
        }

        private SealedStream stream() throws IOException {
            SealedStream known = sealed;
            if (known == null) {
                known = atRest.reopen(file, NAME);
                if (known == null) {
                    throw new IOException("the snapshot for replicas is no more what it was");
                }
                sealed = known;
            }
            return known;
        }

        /** Its user needs it no more. */
        void release() {
            if (buffer != 0) {
                Memory.free(MemoryTag.REPLICATION, buffer, capacity);
                buffer = 0;
            }
            if (users.decrementAndGet() == 0) {
                end();
            }
        }
    }

    private void end() {
        arena.close();
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package dev.cistern.engine.replication;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.util.concurrent.atomic.AtomicInteger;

/** A snapshot on its way to one or more replicas: a file that nobody else sees, mapped until the last one has it. */
final class Payload {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment bytes;
    private final AtomicInteger users;

    Payload(FileChannel file, int users) throws IOException {
        this.bytes = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena);
        this.users = new AtomicInteger(users);
    }

    long address() {
        return bytes.address();
    }

    long length() {
        return bytes.byteSize();
    }

    /** One of its users needs it no more. */
    void release() {
        if (users.decrementAndGet() == 0) {
            arena.close();
        }
    }
}

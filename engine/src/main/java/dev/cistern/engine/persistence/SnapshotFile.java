package dev.cistern.engine.persistence;

import dev.cistern.engine.atrest.AtRest;
import dev.cistern.engine.atrest.Transcript;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * A file that becomes visible only when it is whole and on the disk: written beside its place, then renamed.
 *
 * <p>One thread at a time. Closing it without {@link #commit} leaves nothing behind.
 */
public final class SnapshotFile implements Persistence.Place, AutoCloseable {
    private static final FileAttribute<?> OWNER_ONLY = PosixFilePermissions
            .asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final String PREFIX = "temp-";

    private final Path place;
    private final Path temporary;
    private final FileChannel channel;
    private final AtRest atRest;
    private WritableByteChannel content;
    private boolean committed;

    public SnapshotFile(Path place, AtRest atRest) throws IOException {
        this.atRest = atRest;
        this.place = place;
        this.temporary = place.resolveSibling(PREFIX + place.getFileName());
        // One that a crash has left is of no use to anybody.
        Files.deleteIfExists(temporary);
        this.channel = FileChannel.open(temporary, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                OWNER_ONLY);
        this.content = begin();
    }

    private WritableByteChannel begin() throws IOException {
        try {
            return atRest.begin(channel);
        } catch (IOException e) {
            channel.close();
            Files.deleteIfExists(temporary);
            throw e;
        }
    }

    @Override
    public void write(long address, int length) throws IOException {
        ByteBuffer bytes = MemorySegment.ofAddress(address).reinterpret(length).asByteBuffer();
        while (bytes.hasRemaining()) {
            content.write(bytes);
        }
    }

    @Override
    public void restart() throws IOException {
        channel.truncate(0);
        content = atRest.begin(channel);
    }

    /** Takes what another file says, sealed or not. */
    void copy(Path from) throws IOException {
        Transcript.open(from, atRest.keys(), content);
    }

    /** Puts the file in its place, where it stays whatever happens to the power. */
    public void commit() throws IOException {
        content.close();
        channel.force(true);
        channel.close();
        Files.move(temporary, place, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        committed = true;
        try (FileChannel directory = FileChannel.open(place.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        if (!committed) {
            Files.deleteIfExists(temporary);
        }
    }
}

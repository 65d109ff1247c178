package dev.cistern.engine.atrest;

import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a file says, in memory: mapped if it is not sealed; opened if it is, every byte of it before the first is shown.
 *
 * <p>So opening takes as much memory as the file has bytes, until this is closed: at a node's start, when its store is still
 * empty. One thread opens and closes; any may read.
 */
public final class PlainBytes implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 20;

    private final @Nullable Arena arena;
    private final long address;
    private final long length;
    private final long mappedBytes;
    private final @Nullable Records records;

    private PlainBytes(@Nullable Arena arena, long address, long length, long mappedBytes, @Nullable Records records) {
        this.arena = arena;
        this.address = address;
        this.length = length;
        this.mappedBytes = mappedBytes;
        this.records = records;
    }

    /** What is known of the records of a file that grows: where each begins, on the disk and in the plain bytes. */
    private record Records(DataKey key, FileHead head, List<long[]> starts, long end, long fileBytes) {}

    /** Throws {@link SealedFileException} if it is sealed and cannot be opened, wherever in it. */
    public static PlainBytes of(Path file, KeyRing keys) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            FileHead head = FileHead.read(channel, file);
            if (head == null) {
                return mapped(channel);
            }
            return head.form() == FileHead.Form.STREAM
                    ? stream(SealedStream.open(channel, head, keys, file))
                    : records(channel, head, head.key(keys, file), file);
        }
    }

    /** The first bytes of a file, as many as there are. */
    public static byte[] first(Path file, KeyRing keys, int most) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            FileHead head = FileHead.read(channel, file);
            if (head != null && head.form() == FileHead.Form.STREAM) {
                SealedStream stream = SealedStream.open(channel, head, keys, file);
                ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(most, stream.length()));
                stream.read(0, bytes);
                return bytes.array();
            }
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(most, channel.size()));
            var _ = FileHead.fill(channel, bytes, 0);
            return bytes.array();
        }
    }

    /** Whether a file is sealed, with whatever key. */
    public static boolean isSealed(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return FileHead.read(channel, file) != null;
        }
    }

    private static PlainBytes mapped(FileChannel channel) throws IOException {
        Arena arena = Arena.ofShared();
        try {
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new PlainBytes(arena, bytes.address(), bytes.byteSize(), 0, null);
        } catch (IOException e) {
            arena.close();
            throw e;
        }
    }

    private static PlainBytes stream(SealedStream stream) throws IOException {
        long length = stream.length();
        stream.verifyEnd();
        PlainBytes plain = allocate(length, length, null);
        try {
            for (long at = 0; at < length; at += CHUNK_BYTES) {
                stream.read(at, buffer(plain.address + at, (int) Math.min(CHUNK_BYTES, length - at)));
            }
            return plain;
        } catch (IOException e) {
            plain.close();
            throw e;
        }
    }

    private static PlainBytes allocate(long capacity, long length, @Nullable Records records) {
        long bytes = Math.max(1, capacity);
        return new PlainBytes(null, Memory.map(MemoryTag.SNAPSHOT, bytes), length, bytes, records);
    }

    static ByteBuffer buffer(long address, int length) {
        return MemorySegment.ofAddress(address).reinterpret(length).asByteBuffer();
    }

    private static PlainBytes records(FileChannel channel, FileHead head, DataKey key, Path file) throws IOException {
        RecordSeal seal = new RecordSeal(key, head, file);
        long size = channel.size();
        PlainBytes room = allocate(size, 0, null);
        List<long[]> starts = new ArrayList<>();
        try {
            long at = FileHead.BYTES;
            long plainAt = 0;
            int bytes = record(channel, seal, starts.size(), at, room.address + plainAt, file);
            while (bytes > 0) {
                starts.add(new long[]{at, plainAt});
                at += bytes + RecordSeal.MORE_BYTES;
                plainAt += bytes;
                bytes = record(channel, seal, starts.size(), at, room.address + plainAt, file);
            }
            return new PlainBytes(null, room.address, plainAt, room.mappedBytes,
                    new Records(key, head, starts, at, size));
        } catch (IOException e) {
            room.close();
            throw e;
        }
    }

    /** Opens the record there; answers how many plain bytes it has, 0 if the file ends before the record does. */
    private static int record(FileChannel channel, RecordSeal seal, long number, long at, long target, Path file)
            throws IOException {
        ByteBuffer head = ByteBuffer.allocate(RecordSeal.HEAD_BYTES);
        if (!FileHead.fill(channel, head, at)) {
            return 0;
        }
        int length = seal.length(number, head.flip());
        if (length < 0) {
            throw damaged(file, number, at);
        }
        ByteBuffer sealed = ByteBuffer.allocate(length + RecordSeal.MORE_BYTES - RecordSeal.HEAD_BYTES);
        if (!FileHead.fill(channel, sealed, at + RecordSeal.HEAD_BYTES)) {
            return 0;
        }
        byte[] plain = seal.open(number, sealed.array());
        if (plain == null) {
            throw damaged(file, number, at);
        }
        Memory.copy(plain, 0, target, plain.length);
        return plain.length;
    }

    private static SealedFileException damaged(Path file, long number, long at) {
        return new SealedFileException(file, at, "record " + number + ", which begins at byte " + at + ", cannot be "
                + "opened: it is damaged, was changed or moved, or its key or the file's name is another one");
    }

    // --- what there is ---

    public long address() {
        return address;
    }

    public long length() {
        return length;
    }

    /** Bytes at the end of the file on the disk that are no whole record. */
    public long tornBytes() {
        return records == null ? 0 : records.fileBytes - records.end;
    }

    /** How a file of records is gone on with behind so many plain bytes; null if it is none. */
    public SealedRecords.@Nullable Resume resume(long plainBytes) {
        if (records == null) {
            return null;
        }
        if (plainBytes == length) {
            return new SealedRecords.Resume(records.key, records.head, records.starts.size(), records.end, new byte[0]);
        }
        int kept = recordOf(plainBytes);
        long[] start = records.starts.get(kept);
        byte[] rest = new byte[(int) (plainBytes - start[1])];
        Memory.copy(address + start[1], rest, 0, rest.length);
        return new SealedRecords.Resume(records.key, records.head, kept, start[0], rest);
    }

    private int recordOf(long plainByte) {
        List<long[]> starts = records == null ? List.of() : records.starts;
        int found = starts.size() - 1;
        while (found > 0 && starts.get(found)[1] > plainByte) {
            found--;
        }
        return found;
    }

    /** Where, on the disk, that is which stands there in the plain bytes; of a record its beginning. */
    public long fileOffset(long plainBytes) {
        if (records == null) {
            return plainBytes;
        }
        return plainBytes == length ? records.end : records.starts.get(recordOf(plainBytes))[0];
    }

    @Override
    public void close() {
        if (arena != null) {
            arena.close();
        } else {
            Memory.unmap(MemoryTag.SNAPSHOT, address, mappedBytes);
        }
    }
}

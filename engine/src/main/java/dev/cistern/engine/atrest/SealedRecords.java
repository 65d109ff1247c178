package dev.cistern.engine.atrest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * A file that grows by sealed records, one for each {@link #append}, and may be torn at its end.
 *
 * <pre>
 *   FileHead, 64 bytes · record 0 · record 1 · …       a record: {@link RecordSeal}
 * </pre>
 *
 * <p>What cannot be written whole is taken back. One thread at a time; the channel is the caller's.
 */
public final class SealedRecords {
    private final FileChannel channel;
    private final RecordSeal seal;
    private long number;
    private long length;
    private long markedNumber;
    private long markedLength;

    private SealedRecords(FileChannel channel, RecordSeal seal, long number, long length) {
        this.channel = channel;
        this.seal = seal;
        this.number = number;
        this.length = length;
        mark();
    }

    /** Begins an empty file. */
    static SealedRecords create(DataKey key, FileChannel channel, Path file) throws IOException {
        FileHead head = FileHead.create(FileHead.Form.RECORDS, key);
        SealedRecords records = new SealedRecords(channel, new RecordSeal(key, head, file), 0, 0);
        records.write(head.bytes());
        records.mark();
        return records;
    }

    /**
     * Where a file that is there can be gone on with.
     *
     * @param number how many records are kept
     * @param length their bytes, with the head
     * @param rest plain bytes that were whole in the record after those, and are to be written anew
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Resume(DataKey key, FileHead head, long number, long length, byte[] rest) {

        /** Goes on with the file; what is behind is cut off. */
        public SealedRecords open(FileChannel channel, Path file) throws IOException {
            channel.truncate(length);
            SealedRecords records = new SealedRecords(channel, new RecordSeal(key, head, file), number, length);
            if (rest.length > 0) {
                records.append(ByteBuffer.wrap(rest));
                records.mark();
            }
            return records;
        }
    }

    /** Bytes of the file. */
    public long length() {
        return length;
    }

    /** Adds all that the buffer has. */
    public void append(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            byte[] plain = new byte[Math.min(bytes.remaining(), RecordSeal.MAX_PLAIN_BYTES)];
            bytes.get(plain);
            write(seal.seal(number, plain));
            number++;
        }
    }

    private void write(byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            length += channel.write(buffer, length);
        }
    }

    /** What is there stays, if more has to be taken back. */
    public void mark() {
        markedNumber = number;
        markedLength = length;
    }

    /** Takes back what was added since the mark. */
    public void backToMark() throws IOException {
        channel.truncate(markedLength);
        number = markedNumber;
        length = markedLength;
    }
}

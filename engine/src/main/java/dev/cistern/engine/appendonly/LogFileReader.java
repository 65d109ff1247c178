package dev.cistern.engine.appendonly;

import dev.cistern.engine.atrest.KeyRing;
import dev.cistern.engine.atrest.PlainBytes;
import dev.cistern.engine.atrest.SealedFileException;
import dev.cistern.engine.atrest.SealedRecords;
import dev.cistern.store.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads one file of commands, ours or the original's: whole units of work, whose checksum has been looked at.
 *
 * <p>What the process was writing when it ended is the torn tail, which is left out. Anything else that does not belong
 * there is damage. One file, one thread.
 */
final class LogFileReader {
    /** So much is handed over at a time where no checksum says how much belongs together. */
    private static final long CHUNK_BYTES = 1 << 20;
    private static final int MAX_BUFFER_BYTES = 1 << 30;

    /** Takes whole commands, one behind the other; they are the reader's again when it returns. */
    @FunctionalInterface
    interface Sink {
        void take(long address, long bytes) throws IOException;
    }

    /**
     * How the file ends.
     *
     * @param wholeBytes up to the end of the last unit of work
     * @param fileBytes what is behind those is a torn tail
     * @param word the file's own word; empty if it is not of ours
     * @param uncovered the checksum of the last whole bytes, which no line covers
     * @param history whose bytes they are; empty if that is not known
     * @param offset the history's offset at the end of the whole bytes
     * @param cutBytes where the file on the disk is to be cut off; the same as the whole bytes if it is not encrypted
     * @param resume how an encrypted file is gone on with; null if it is none
     */
    record End(long wholeBytes, long fileBytes, String word, CRC32C uncovered, long uncoveredBytes, String history,
            long offset, long commands, long cutBytes, SealedRecords.@Nullable Resume resume) {

        boolean isTorn() {
            return wholeBytes < fileBytes;
        }
    }

    private final Path file;
    private final KeyRing keys;
    private final Sink sink;
    private @Nullable PlainBytes sealed;
    private long base;
    private LogScanner scanner = new LogScanner(0, 0);
    private String word = "";
    private String history = "";
    private long historyOffset;
    private long commands;
    /** Where the bytes begin that are not handed over yet; no checksum has covered them. */
    private long pendingStart;
    private long unitEnd;
    private boolean isInUnit;

    LogFileReader(Path file, KeyRing keys, Sink sink) {
        this.file = file;
        this.keys = keys;
        this.sink = sink;
    }

    /** Reads the file behind its first {@code skippedBytes}. Throws {@link DamagedLogException}. */
    End read(long skippedBytes) throws IOException {
        try (PlainBytes bytes = PlainBytes.of(file, keys)) {
            sealed = bytes;
            End end = read(bytes.address(), bytes.length(), skippedBytes);
            return new End(end.wholeBytes, end.fileBytes + bytes.tornBytes(), end.word, end.uncovered,
                    end.uncoveredBytes, end.history, end.offset, end.commands, bytes.fileOffset(end.wholeBytes),
                    bytes.resume(end.wholeBytes));
        } catch (SealedFileException e) {
            throw new DamagedLogException(file, e.offset(), e.reason());
        }
    }

    /** The same of bytes in memory. */
    End read(long address, long length, long skippedBytes) throws IOException {
        base = address;
        long begin = address + skippedBytes;
        scanner = new LogScanner(begin, lengthWithoutZeros(begin, length - skippedBytes));
        pendingStart = begin;
        unitEnd = begin;
        LogScanner.Kind kind = scanner.next();
        while (kind == LogScanner.Kind.COMMAND || kind == LogScanner.Kind.LINE) {
            if (kind == LogScanner.Kind.COMMAND) {
                command();
            } else {
                line();
            }
            kind = scanner.next();
        }
        if (kind == LogScanner.Kind.BAD) {
            throw damaged(scanner.start(), "neither a command nor a remark begins there");
        }
        requireTail(address + length);
        CRC32C uncovered = crc(pendingStart, unitEnd);
        long uncoveredBytes = unitEnd - pendingStart;
        handOver(unitEnd);
        return new End(unitEnd - base, length, word, uncovered, uncoveredBytes, history, historyOffset, commands,
                unitEnd - base, null);
    }

    /** A power cut may leave a file longer than what the disk has of it: the rest reads as zeros, and is a torn tail. */
    private static long lengthWithoutZeros(long begin, long length) {
        long end = begin + length;
        while (end > begin && Memory.getByte(end - 1) == 0) {
            end--;
        }
        return end - begin;
    }

    private void command() throws IOException {
        commands++;
        if (scanner.isCommand("multi")) {
            isInUnit = true;
        } else if (scanner.isCommand("exec")) {
            isInUnit = false;
        }
        if (!isInUnit) {
            unitEnd = scanner.end();
            if (word.isEmpty() && unitEnd - pendingStart > CHUNK_BYTES) {
                handOver(unitEnd);
            }
        }
    }

    private void line() throws IOException {
        LogFormat.Line line = LogFormat.line(scanner.text());
        if (line instanceof LogFormat.Line.Head head && scanner.start() == base) {
            word = head.word();
        } else if (line instanceof LogFormat.Line.Checksum checksum) {
            check(checksum);
        }
        if (!isInUnit) {
            unitEnd = scanner.end();
        }
    }

    private void check(LogFormat.Line.Checksum checksum) throws IOException {
        if (!checksum.word().equals(word) || isInUnit) {
            throw damaged(scanner.start(), "a checksum that does not belong there");
        }
        if (checksum.crc() != (int) crc(pendingStart, scanner.start()).getValue()) {
            throw damaged(pendingStart, "the checksum of the next " + (scanner.start() - pendingStart)
                    + " bytes is wrong");
        }
        handOver(scanner.start());
        pendingStart = scanner.end();
    }

    /** Hands over what is known to be whole, and is none of the lines between. */
    private void handOver(long end) throws IOException {
        LogScanner found = new LogScanner(pendingStart, end - pendingStart);
        long run = pendingStart;
        for (LogScanner.Kind kind = found.next(); kind != LogScanner.Kind.END; kind = found.next()) {
            if (kind == LogScanner.Kind.LINE) {
                take(run, found.start());
                run = found.end();
                remark(found);
            }
        }
        take(run, end);
        pendingStart = end;
    }

    private void take(long from, long to) throws IOException {
        if (to > from) {
            sink.take(from, to - from);
            historyOffset += to - from;
        }
    }

    private void remark(LogScanner found) throws IOException {
        String text = found.text();
        switch (LogFormat.line(text)) {
            case LogFormat.Line.History named -> {
                history = named.id();
                historyOffset = named.offset();
            }
            case LogFormat.Line.Head _ when found.start() == base -> {
            }
            case null, default -> {
                if (!word.isEmpty() && !text.startsWith("#TS:")) {
                    throw damaged(found.start(), "an unknown remark");
                }
            }
        }
    }

    private static CRC32C crc(long from, long to) {
        CRC32C crc = new CRC32C();
        for (long at = from; at < to; at += MAX_BUFFER_BYTES) {
            long bytes = Math.min(MAX_BUFFER_BYTES, to - at);
            crc.update(MemorySegment.ofAddress(at).reinterpret(bytes).asByteBuffer());
        }
        return crc;
    }

    /** A tail is torn only if nothing that was whole follows in it. */
    private void requireTail(long limit) throws IOException {
        if (word.isEmpty()) {
            return;
        }
        String mark = ":" + word + "\r\n";
        if (contains(unitEnd, limit, mark)) {
            throw damaged(unitEnd, "what begins there has no end, though more was written behind it");
        }
    }

    private static boolean contains(long from, long to, String text) {
        for (long at = from; at + text.length() <= to; at++) {
            int matched = 0;
            while (matched < text.length() && Memory.getByte(at + matched) == text.charAt(matched)) {
                matched++;
            }
            if (matched == text.length()) {
                return true;
            }
        }
        return false;
    }

    private DamagedLogException damaged(long at, String what) {
        PlainBytes plain = sealed;
        return new DamagedLogException(file, plain == null ? at - base : plain.fileOffset(at - base), what);
    }
}

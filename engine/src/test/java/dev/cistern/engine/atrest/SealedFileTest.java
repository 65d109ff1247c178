package dev.cistern.engine.atrest;

import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** What is sealed comes back as it was, or not at all: whatever bit, byte, segment, record or file is another one. */
final class SealedFileTest {
    private static final long SEED = Long.getLong("cistern.seed", 1);
    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);
    private static final int RECORDS = 6;
    private static final String NOT_OPENED = "cannot be opened|is encrypted|ends within|end is missing";

    @TempDir
    private Path directory;
    private final SplittableRandom random = new SplittableRandom(SEED);
    private KeyRing keys = KeyRing.NONE;
    private DataKey key = new DataKey(new java.util.UUID(0, 0), 1, new byte[DataKey.SECRET_BYTES]);

    @BeforeEach
    void makeKey() throws IOException {
        System.out.println("seed " + SEED);
        KeyStoreFile store = new KeyStoreFile(directory.resolve("keystore"));
        key = store.create("us-east-1", "000000000000", false, "a key", 0).newest();
        keys = store.read();
    }

    @AfterEach
    void nothingIsHeld() {
        assertThat(Memory.heldBytes(MemoryTag.SNAPSHOT)).isZero();
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private Path stream(String name, byte[] plain) throws IOException {
        Path file = directory.resolve(name);
        try (FileChannel channel = create(file); WritableByteChannel sealed = SealedStream.begin(key, channel)) {
            sealed.write(ByteBuffer.wrap(plain));
        }
        return file;
    }

    private static FileChannel create(Path file) throws IOException {
        return FileChannel.open(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    private Path records(String name, byte[] plain) throws IOException {
        Path file = directory.resolve(name);
        int part = plain.length / RECORDS;
        try (FileChannel channel = create(file)) {
            SealedRecords records = SealedRecords.create(key, channel, file);
            for (int i = 0; i < RECORDS; i++) {
                records.append(ByteBuffer.wrap(plain, i * part, part));
                records.mark();
            }
        }
        return file;
    }

    private byte[] open(Path file) throws IOException {
        return open(file, keys);
    }

    private static byte[] open(Path file, KeyRing with) throws IOException {
        try (PlainBytes plain = PlainBytes.of(file, with)) {
            byte[] bytes = new byte[(int) plain.length()];
            Memory.copy(plain.address(), bytes, 0, bytes.length);
            return bytes;
        }
    }

    // --- the bytes ---

    @Test
    void theHeadIsWhatItWas() throws IOException {
        assertThat(List.of(FileHead.FORMAT_OFFSET, FileHead.FORM_OFFSET, FileHead.KEY_VERSION_OFFSET,
                FileHead.KEY_ID_OFFSET, FileHead.SALT_OFFSET, FileHead.BYTES)).containsExactly(8, 9, 12, 16, 32, 64);
        ByteBuffer head = ByteBuffer.wrap(Files.readAllBytes(stream("head", bytes(10))));
        byte[] magic = new byte[8];
        head.get(magic);
        assertThat(new String(magic, StandardCharsets.US_ASCII)).isEqualTo("CISTSEAL");
        assertThat(head.get()).isEqualTo((byte) 1);
        assertThat(head.get()).isEqualTo((byte) 1);
        assertThat(head.getShort()).isZero();
        assertThat(head.getInt()).isEqualTo(1);
        assertThat(new java.util.UUID(head.getLong(), head.getLong())).isEqualTo(key.id());
        assertThat(Files.readAllBytes(records("log", bytes(60)))[FileHead.FORM_OFFSET]).isEqualTo((byte) 2);
        assertThat(List.of(RecordSeal.LENGTH_OFFSET, RecordSeal.CHECK_OFFSET, RecordSeal.HEAD_BYTES,
                RecordSeal.MORE_BYTES)).containsExactly(0, 4, 16, 44);
    }

    /** Written by this program once, and to be opened for ever. */
    @Test
    void filesOfBeforeAreStillOpened() throws IOException {
        Path keystore = directory.resolve("old-keystore");
        Files.write(keystore, resource("keystore"));
        Files.setPosixFilePermissions(keystore, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
        KeyRing old = new KeyStoreFile(keystore).read();
        for (String name : List.of("stream", "records")) {
            Path file = directory.resolve(name);
            Files.write(file, resource(name));
            assertThat(new String(open(file, old), StandardCharsets.UTF_8)).isEqualTo("what was sealed in format 1");
        }
    }

    private static byte[] resource(String name) throws IOException {
        try (var in = SealedFileTest.class.getResourceAsStream("format1-" + name)) {
            return java.util.Objects.requireNonNull(in).readAllBytes();
        }
    }

    // --- there and back ---

    @Test
    void aStreamOfAnyLengthComesBack() throws IOException {
        int first = SealedStream.SEGMENT_BYTES - 40 - 16;
        for (int length : new int[]{0, 1, first - 1, first, first + 1, 3 * SealedStream.SEGMENT_BYTES, 300_000}) {
            byte[] plain = bytes(length);
            Path file = stream("any", plain);
            assertThat(open(file)).isEqualTo(plain);
            assertThat(PlainBytes.first(file, keys, 6)).isEqualTo(Arrays.copyOf(plain, Math.min(6, length)));
        }
    }

    @Test
    void recordsAreGoneOnWithBehindAnyByte() throws IOException {
        byte[] plain = bytes(RECORDS * 20);
        for (int kept = 1; kept <= plain.length; kept += 7) {
            Path file = records("log", plain);
            SealedRecords.Resume resume;
            try (PlainBytes opened = PlainBytes.of(file, keys)) {
                resume = java.util.Objects.requireNonNull(opened.resume(kept));
            }
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                SealedRecords records = resume.open(channel, file);
                records.append(ByteBuffer.wrap(plain, kept, plain.length - kept));
                records.mark();
                records.append(ByteBuffer.wrap(plain));
                records.backToMark();
            }
            assertThat(open(file)).isEqualTo(plain);
        }
    }

    @Test
    void aRotatedKeyStillOpensWhatItsFormerVersionsSealed() throws IOException {
        byte[] plain = bytes(1000);
        Path old = stream("old", plain);
        KeyStoreFile store = new KeyStoreFile(directory.resolve("keystore"));
        StoredKey rotated = store.rotate(key.id(), 1);
        assertThat(rotated).isNotNull();
        assertThat(store.read().keys().getFirst().newest().version()).isEqualTo(2);
        keys = store.read();
        key = keys.keys().getFirst().newest();
        assertThat(open(old)).isEqualTo(plain);
        assertThat(open(stream("new", plain))).isEqualTo(plain);
    }

    // --- what is not what it was ---

    @Test
    void noBitTurnsUnseen() throws IOException {
        byte[] plain = bytes(RECORDS * 40);
        for (Path file : List.of(stream("stream", plain), records("records", plain))) {
            byte[] whole = Files.readAllBytes(file);
            for (int bit = 0; bit < whole.length * 8; bit += EFFORT > 1 ? 1 : 7) {
                byte[] turned = whole.clone();
                turned[bit / 8] ^= (byte) (1 << bit % 8);
                Files.write(file, turned);
                if (bit < FileHead.MAGIC.length * 8) {
                    // It is taken for a file that is not sealed, which is neither a snapshot nor a log.
                    assertThat(open(file)[0]).isNotIn((byte) 'R', (byte) 'V', (byte) '*', (byte) '#');
                } else {
                    assertThatThrownBy(() -> open(file)).as("bit %d of %s", bit, file)
                            .isInstanceOf(SealedFileException.class).message().containsPattern(NOT_OPENED);
                }
            }
        }
    }

    @Test
    void aStreamThatEndsEarlyIsRefusedWhereverItEnds() throws IOException {
        for (int length : new int[]{100, 2 * SealedStream.SEGMENT_BYTES}) {
            Path file = stream("short", bytes(length));
            byte[] whole = Files.readAllBytes(file);
            int step = length == 100 ? 1 : SealedStream.SEGMENT_BYTES / 4;
            for (int kept = whole.length - step; kept >= FileHead.MAGIC.length; kept -= step) {
                Files.write(file, Arrays.copyOf(whole, kept));
                assertThatThrownBy(() -> open(file)).as("%d bytes", kept).isInstanceOf(SealedFileException.class)
                        .message().containsPattern(NOT_OPENED);
            }
        }
    }

    @Test
    void ofRecordsOnlyTheOneThatIsNotWholeIsMissing() throws IOException {
        int part = 25;
        byte[] plain = bytes(RECORDS * part);
        Path file = records("torn", plain);
        byte[] whole = Files.readAllBytes(file);
        for (int kept = FileHead.BYTES; kept < whole.length; kept++) {
            Files.write(file, Arrays.copyOf(whole, kept));
            int wholeRecords = (kept - FileHead.BYTES) / (part + RecordSeal.MORE_BYTES);
            assertThat(open(file)).isEqualTo(Arrays.copyOf(plain, wholeRecords * part));
            try (PlainBytes opened = PlainBytes.of(file, keys)) {
                assertThat(opened.tornBytes() == 0).isEqualTo((kept - FileHead.BYTES) % (part + 44) == 0);
            }
        }
    }

    @Test
    void nothingCanBeMovedNorTakenFromAnotherFile() throws IOException {
        int segment = SealedStream.SEGMENT_BYTES;
        Path one = stream("one", bytes(4 * segment));
        Path two = stream("two", bytes(4 * segment));
        refused(one, swapped(one, one, FileHead.BYTES + segment, FileHead.BYTES + 2 * segment, segment));
        refused(one, swapped(one, two, FileHead.BYTES + segment, FileHead.BYTES + segment, segment));
        refused(one, swapped(one, two, 0, 0, FileHead.BYTES));
        int record = 10 + RecordSeal.MORE_BYTES;
        Path log = records("log-one", bytes(RECORDS * 10));
        Path other = records("log-two", bytes(RECORDS * 10));
        refused(log, swapped(log, log, FileHead.BYTES, FileHead.BYTES + record, record));
        refused(log, swapped(log, other, FileHead.BYTES, FileHead.BYTES, record));
        refused(directory.resolve("other-name"), Files.readAllBytes(log));
    }

    /** The file with some of its bytes from another, or from another place of the same, and those there. */
    private static byte[] swapped(Path file, Path from, int at, int fromAt, int length) throws IOException {
        byte[] changed = Files.readAllBytes(file);
        byte[] source = Files.readAllBytes(from);
        System.arraycopy(source, fromAt, changed, at, length);
        if (file.equals(from)) {
            System.arraycopy(source, at, changed, fromAt, length);
        }
        return changed;
    }

    private void refused(Path file, byte[] content) throws IOException {
        Files.write(file, content);
        assertThatThrownBy(() -> open(file)).isInstanceOf(SealedFileException.class).message()
                .containsPattern(NOT_OPENED);
    }

    @Test
    void withoutItsKeyAFileSaysWhichOneItNeeds() throws IOException {
        KeyStoreFile other = new KeyStoreFile(directory.resolve("other"));
        other.create("eu-west-1", "123456789012", false, "", 0);
        for (Path file : List.of(stream("stream", bytes(10)), records("records", bytes(60)))) {
            assertThatThrownBy(() -> open(file, KeyRing.NONE)).message().contains("version 1 of key " + key.id(),
                    "no keys are given");
            KeyRing others = other.read();
            assertThatThrownBy(() -> open(file, others)).message().contains("version 1 of key " + key.id(),
                    "not among the keys");
            KeyRing falsified = new KeyRing(List.of(new StoredKey(key.id(), "us-east-1", "000000000000", 0,
                    StoredKey.State.ENABLED, false, "", List.of(new StoredKey.Version(0, new DataKey(key.id(), 1,
                            bytes(DataKey.SECRET_BYTES)))))));
            assertThatThrownBy(() -> open(file, falsified)).message().contains("cannot be opened", "key");
        }
    }
}

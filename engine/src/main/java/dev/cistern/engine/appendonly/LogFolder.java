package dev.cistern.engine.appendonly;

import dev.cistern.engine.atrest.AtRest;
import dev.cistern.engine.atrest.PlainBytes;
import dev.cistern.engine.atrest.SealedRecords;
import dev.cistern.engine.settings.Settings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of an append-only file, and the manifest that says what in it counts.
 *
 * <p>The manifest is replaced as a whole, and both it and the folder are forced to the disk before anybody relies on what
 * it says: so it never names a file that is not there. Any thread, one at a time.
 */
final class LogFolder {
    private static final Logger LOG = LoggerFactory.getLogger(LogFolder.class);
    private static final FileAttribute<?> OWNER_FILE = PosixFilePermissions
            .asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<?> OWNER_FOLDER = PosixFilePermissions
            .asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Path parent;
    private final Path folder;
    private final String name;
    private final AtRest atRest;
    private Manifest manifest = Manifest.EMPTY;
    private boolean isOpen;

    LogFolder(Path parent, String folderName, String name, AtRest atRest) {
        this.parent = parent;
        this.folder = parent.resolve(folderName);
        this.name = name;
        this.atRest = atRest;
    }

    static LogFolder of(Settings settings, AtRest atRest) {
        return new LogFolder(Path.of(settings.dir.value()).toAbsolutePath(), settings.appendDirName.value(),
                settings.appendFilename.value(), atRest);
    }

    /** Reads the manifest, unless that was done before. */
    synchronized void openOnce() throws IOException {
        if (!isOpen) {
            open(false);
        }
    }

    /**
     * Reads the manifest; there may be none, nor a folder.
     *
     * @param takesOver makes the one file of a version before 7 the base
     */
    synchronized void open(boolean takesOver) throws IOException {
        isOpen = true;
        Path file = folder.resolve(manifestName());
        try {
            manifest = Manifest.of(Files.readString(file, StandardCharsets.UTF_8));
        } catch (NoSuchFileException none) {
            manifest = Manifest.EMPTY;
            if (takesOver) {
                takeOverFormer();
            }
        } catch (IOException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
        if (manifest.base() != null && Files.notExists(folder.resolve(manifest.base().name()))) {
            finishTakingOver(manifest.base());
        }
    }

    /** Before version 7 it was one file, which becomes the base. */
    private void takeOverFormer() throws IOException {
        if (Files.exists(parent.resolve(name))) {
            Manifest.Part former = new Manifest.Part(name, 1);
            replace(new Manifest(former, List.of(), List.of()));
            finishTakingOver(former);
        }
    }

    private void finishTakingOver(Manifest.Part former) throws IOException {
        if (former.name().equals(name) && Files.exists(parent.resolve(name))) {
            Files.move(parent.resolve(name), folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            sync(folder);
            sync(parent);
        }
    }

    private String manifestName() {
        return name + ".manifest";
    }

    synchronized Manifest manifest() {
        return manifest;
    }

    Path path(Manifest.Part part) {
        return folder.resolve(part.name());
    }

    Path folder() {
        return folder;
    }

    /** Puts another manifest, made of the present one, in its place. */
    synchronized void update(UnaryOperator<Manifest> change) throws IOException {
        replace(change.apply(manifest));
    }

    private void replace(Manifest next) throws IOException {
        prepare();
        Path temporary = folder.resolve("temp-" + manifestName());
        Files.deleteIfExists(temporary);
        try (FileChannel channel = FileChannel.open(temporary,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OWNER_FILE)) {
            ByteBuffer bytes = ByteBuffer.wrap(next.text().getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(temporary, folder.resolve(manifestName()), StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        sync(folder);
        manifest = next;
    }

    /** Makes the folder, if there is none. */
    void prepare() throws IOException {
        if (Files.notExists(folder)) {
            Files.createDirectory(folder, OWNER_FOLDER);
            sync(parent);
        }
    }

    /** Has the disk keep the folder's names. */
    static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Deletes what nobody needs any more; what cannot be deleted now is tried again later. */
    synchronized void deleteHistory() {
        boolean all = true;
        for (Manifest.Part old : manifest.history()) {
            try {
                Files.deleteIfExists(folder.resolve(old.name()));
            } catch (IOException e) {
                LOG.warn("{} cannot be deleted, though nobody needs it any more", old.name(), e);
                all = false;
            }
        }
        if (all && !manifest.history().isEmpty()) {
            try {
                replace(manifest.withoutHistory());
            } catch (IOException e) {
                LOG.warn("the manifest still names what was deleted", e);
            }
        }
    }

    // --- names ---

    Manifest.Part nextBase(boolean isSnapshot) {
        long number = manifest().nextBase();
        return new Manifest.Part(name + "." + number + ".base." + (isSnapshot ? "rdb" : "aof"), number);
    }

    Manifest.Part nextIncrement() {
        long number = manifest().nextIncrement();
        return new Manifest.Part(name + "." + number + ".incr.aof", number);
    }

    // --- files ---

    /** A new increment; the manifest does not name it yet. One that a crash left, and no manifest names, goes. */
    LogFile create(Manifest.Part part, int database) throws IOException {
        prepare();
        Path path = path(part);
        Files.deleteIfExists(path);
        FileChannel channel = FileChannel.open(path, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                OWNER_FILE);
        try {
            SealedRecords sealed = atRest.beginRecords(channel, path);
            LogFile file = new LogFile(path, channel, sealed, newWord(), sealed == null ? 0 : sealed.length());
            file.begin(database);
            return file;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private static String newWord() {
        return HexFormat.of().toHexDigits(RANDOM.nextLong());
    }

    /** The increment that is there, to be written on behind what is whole of it. */
    LogFile reopen(Manifest.Part part, LogFileReader.End end) throws IOException {
        FileChannel channel = FileChannel.open(path(part), StandardOpenOption.WRITE);
        try {
            SealedRecords sealed = null;
            if (end.resume() == null) {
                channel.truncate(end.wholeBytes());
            } else {
                sealed = end.resume().open(channel, path(part));
            }
            LogFile file = new LogFile(path(part), channel, sealed, end.word(),
                    sealed == null ? end.wholeBytes() : sealed.length());
            if (end.uncoveredBytes() > 0) {
                file.cover(end.uncovered());
            }
            file.sync();
            return file;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    AtRest atRest() {
        return atRest;
    }

    /** Whether data lie here that are not encrypted, though they were to be. */
    boolean isToBeSealed() throws IOException {
        if (atRest.key() == null) {
            return false;
        }
        for (Manifest.Part part : manifest().parts()) {
            if (!PlainBytes.isSealed(path(part))) {
                return true;
            }
        }
        return false;
    }

    /** The bytes of a part, on the disk. */
    long length(Manifest.Part part) {
        try {
            return Files.size(path(part));
        } catch (IOException gone) {
            return 0;
        }
    }
}

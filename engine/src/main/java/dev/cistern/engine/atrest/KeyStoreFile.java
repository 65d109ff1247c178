package dev.cistern.engine.atrest;

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
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A file of keys, for its owner alone. Who has it can read the data; who has lost it has lost them.
 *
 * <pre>
 *   # any remark
 *   key 3f2a…-… us-east-1 123456789012 2026-01-31T12:00:00Z enabled customer any words
 *   version 3f2a…-… 1 2026-01-31T12:00:00Z &lt;the secret, 32 bytes in Base64&gt;
 * </pre>
 *
 * <p>A change is a new file in the old one's place, on the disk before anybody seals with what is new. Any thread, any
 * process: changes wait for one another.
 */
public final class KeyStoreFile {
    private static final FileAttribute<?> OWNER_ONLY = PosixFilePermissions
            .asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final String HEAD = "# Keys that data are encrypted with. Who has this file can read the data; who "
            + "loses it loses the data.\n";
    private static final String OWN = "own";
    private static final String CUSTOMER = "customer";
    private static final int KEY_WORDS = 7;
    private static final int VERSION_WORDS = 5;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Path file;

    public KeyStoreFile(Path file) {
        this.file = file;
    }

    public Path path() {
        return file;
    }

    /**
     * The keys that stand there now.
     *
     * @throws IOException it is not there, others may read it, or it is malformed: the message names the line, never a
     *     secret
     */
    public KeyRing read() throws IOException {
        try {
            requirePrivate();
            return parse(Files.readString(file, StandardCharsets.UTF_8));
        } catch (NoSuchFileException e) {
            throw new IOException("there is no keystore " + file, e);
        }
    }

    private void requirePrivate() throws IOException {
        Set<PosixFilePermission> rights = Files.getPosixFilePermissions(file);
        if (!PosixFilePermissions.fromString("rw-------").containsAll(rights)) {
            throw new IOException("keystore " + file + " has the rights " + PosixFilePermissions.toString(rights)
                    + ": nobody but its owner may read it (chmod 600)");
        }
    }

    // --- changes ---

    /** Makes a key of one version. */
    public StoredKey create(String region, String account, boolean isOwn, String description, long nowMillis)
            throws IOException {
        UUID id = UUID.randomUUID();
        StoredKey made = new StoredKey(id, region, account, nowMillis, StoredKey.State.ENABLED, isOwn,
                description.strip(), List.of(newVersion(id, 1, nowMillis)));
        change(keys -> {
            keys.add(made);
            return keys;
        });
        return made;
    }

    /** Gives a key a new version, which seals from now on; null if there is no such key. */
    public @Nullable StoredKey rotate(UUID id, long nowMillis) throws IOException {
        return replace(id, key -> key.withVersion(newVersion(id, key.newest().version() + 1, nowMillis)));
    }

    /** Lets a key be chosen or not; null if there is no such key. */
    public @Nullable StoredKey state(UUID id, StoredKey.State state) throws IOException {
        return replace(id, key -> key.withState(state));
    }

    private static StoredKey.Version newVersion(UUID id, int number, long nowMillis) {
        byte[] secret = new byte[DataKey.SECRET_BYTES];
        RANDOM.nextBytes(secret);
        return new StoredKey.Version(nowMillis, new DataKey(id, number, secret));
    }

    private @Nullable StoredKey replace(UUID id, UnaryOperator<StoredKey> change) throws IOException {
        List<StoredKey> changed = new ArrayList<>();
        change(keys -> {
            keys.replaceAll(key -> {
                if (!key.id().equals(id)) {
                    return key;
                }
                changed.add(change.apply(key));
                return changed.getLast();
            });
            return keys;
        });
        return changed.isEmpty() ? null : changed.getFirst();
    }

    private void change(UnaryOperator<List<StoredKey>> change) throws IOException {
        Path absolute = file.toAbsolutePath();
        Path lock = absolute.resolveSibling(absolute.getFileName() + ".lock");
        synchronized (KeyStoreFile.class) {
            // Other processes wait for the lock, which ends with its channel.
            try (FileChannel channel = FileChannel.open(lock, Set.of(StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE), OWNER_ONLY)) {
                var _ = channel.lock();
                List<StoredKey> keys = Files.exists(absolute) ? new ArrayList<>(read().keys()) : new ArrayList<>();
                write(absolute, text(new KeyRing(change.apply(keys))));
            }
        }
    }

    private static void write(Path absolute, String text) throws IOException {
        Path fresh = absolute.resolveSibling(absolute.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        try (FileChannel channel = FileChannel.open(fresh, Set.of(StandardOpenOption.CREATE_NEW,
                StandardOpenOption.WRITE), OWNER_ONLY)) {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(fresh, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel folder = FileChannel.open(absolute.getParent(), StandardOpenOption.READ)) {
            folder.force(true);
        }
    }

    // --- as text ---

    private static String text(KeyRing ring) {
        StringBuilder text = new StringBuilder(HEAD);
        for (StoredKey key : ring.keys()) {
            text.append(String.join(" ", "key", key.id().toString(), key.region(), key.account(),
                    time(key.createdMillis()), key.state().name().toLowerCase(Locale.ROOT), key.isOwn()
                            ? OWN
                            : CUSTOMER,
                    key.description()).stripTrailing()).append('\n');
            for (StoredKey.Version version : key.versions()) {
                text.append(String.join(" ", "version", key.id().toString(), Integer.toString(version.key().version()),
                        time(version.createdMillis()), Base64.getEncoder().encodeToString(version.key().secret())))
                        .append('\n');
            }
        }
        return text.toString();
    }

    private static String time(long millis) {
        return Instant.ofEpochMilli(millis).toString();
    }

    private KeyRing parse(String text) throws IOException {
        List<String[]> keys = new ArrayList<>();
        Map<UUID, List<StoredKey.Version>> versions = new HashMap<>();
        int number = 0;
        try {
            for (String line : text.lines().toList()) {
                number++;
                if (!line.isBlank() && !line.startsWith("#")) {
                    read(line, keys, versions);
                }
            }
            return new KeyRing(keys.stream().map(words -> key(words, versions)).toList());
        } catch (IllegalArgumentException | DateTimeParseException e) {
            // What is wrong with it might show a part of a secret.
            throw new IOException("keystore " + file + " is damaged at or before line " + number);
        }
    }

    private static void read(String line, List<String[]> keys, Map<UUID, List<StoredKey.Version>> versions) {
        String[] words = line.split(" ", KEY_WORDS + 1);
        if (words[0].equals("key") && words.length >= KEY_WORDS) {
            keys.add(words);
        } else if (words[0].equals("version") && words.length == VERSION_WORDS) {
            UUID id = UUID.fromString(words[1]);
            DataKey key = new DataKey(id, Integer.parseInt(words[2]), Base64.getDecoder().decode(words[4]));
            versions.computeIfAbsent(id, _ -> new ArrayList<>())
                    .add(new StoredKey.Version(Instant.parse(words[3]).toEpochMilli(), key));
        } else {
            throw new IllegalArgumentException("neither a key nor a version");
        }
    }

    private static StoredKey key(String[] words, Map<UUID, List<StoredKey.Version>> versions) {
        UUID id = UUID.fromString(words[1]);
        return new StoredKey(id, words[2], words[3], Instant.parse(words[4]).toEpochMilli(),
                StoredKey.State.valueOf(words[5].toUpperCase(Locale.ROOT)), words[6].equals(OWN),
                words.length > KEY_WORDS ? words[KEY_WORDS] : "", versions.getOrDefault(id, List.of()));
    }
}

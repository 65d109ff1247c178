package dev.cistern.app;

import dev.cistern.control.key.KeyVault;
import dev.cistern.engine.atrest.AtRest;
import dev.cistern.engine.atrest.DataKey;
import dev.cistern.engine.atrest.KeyRing;
import dev.cistern.engine.atrest.KeyStoreFile;
import dev.cistern.engine.atrest.StoredKey;
import dev.cistern.engine.atrest.Transcript;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The keys of a state folder, in its keystore: nodes of ours encrypt with them, and are told where they are. */
final class LocalKeys implements KeyVault {

    private static final String OWN_DESCRIPTION = "Default key that protects data when no other key is named";
    private static final String FILE_SETTING = "at-rest-key-file";

    private final KeyStoreFile file;
    private final Clock clock;

    LocalKeys(Path stateDirectory, Clock clock) {
        this.file = new KeyStoreFile(stateDirectory.resolve(KeystoreOption.FILE).toAbsolutePath());
        this.clock = clock;
    }

    @Override
    public boolean isThere() {
        return true;
    }

    private KeyRing keys() throws IOException {
        return Files.exists(file.path()) ? file.read() : KeyRing.NONE;
    }

    @Override
    public synchronized String own(String account, String region) {
        try {
            for (StoredKey key : keys().keys()) {
                if (key.isOwn() && isOf(key, account, region)) {
                    return key.arn();
                }
            }
            return file.create(region, account, true, OWN_DESCRIPTION, clock.millis()).arn();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isOf(StoredKey key, String account, String region) {
        return key.account().equals(account) && key.region().equals(region);
    }

    @Override
    public @Nullable String find(String name, String account, String region) {
        if (name.equals(OWN_ALIAS) || name.equals("arn:aws:kms:" + region + ":" + account + ":" + OWN_ALIAS)) {
            return own(account, region);
        }
        try {
            StoredKey key = keys().named(name);
            return key != null && key.state() == StoredKey.State.ENABLED && isOf(key, account, region)
                    ? key.arn()
                    : null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Map<String, String> nodeSettings(@Nullable String keyArn) {
        if (keyArn == null && Files.notExists(file.path())) {
            return Map.of();
        }
        return Map.of(FILE_SETTING, file.path().toString(), KEY_SETTING, keyArn == null ? AtRest.NO_KEY : keyArn);
    }

    private AtRest atRest(@Nullable String keyArn) {
        return new AtRest(keyArn == null ? "" : file.path().toString(), keyArn == null ? "" : keyArn);
    }

    @Override
    public boolean isSealedWith(Path sealed, @Nullable String keyArn) throws IOException {
        return atRest(keyArn).isAsWanted(sealed);
    }

    @Override
    public void seal(Path from, Path to, @Nullable String keyArn) throws IOException {
        DataKey key = atRest(keyArn).key();
        Files.deleteIfExists(to);
        try (FileChannel target = FileChannel.open(to, Set.of(StandardOpenOption.CREATE_NEW,
                StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(
                        PosixFilePermissions.fromString("rw-------")))) {
            Transcript.write(from, keys(), target, key);
            target.force(true);
        }
    }
}

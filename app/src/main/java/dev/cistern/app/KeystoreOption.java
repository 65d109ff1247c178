package dev.cistern.app;

import dev.cistern.engine.atrest.KeyRing;
import dev.cistern.engine.atrest.KeyStoreFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which keystore a command works with: one that is named, or that of the state folder. */
final class KeystoreOption {

    /** The keystore of a state folder. */
    static final String FILE = "data-keys";

    @Option(names = "--at-rest-key-file", paramLabel = "FILE", description = "The keystore of encrypted files (default: data-keys in the state folder; for a node none).")
    private @Nullable Path keystore;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
    KeystoreOption() {}

    /** The keystore, whether it is there or not. */
    KeyStoreFile file(@Nullable Path stateDirectory) {
        if (keystore != null) {
            return new KeyStoreFile(keystore.toAbsolutePath());
        }
        Path state = stateDirectory != null ? stateDirectory : StateFolder.byDefault(System.getenv());
        return new KeyStoreFile(state.resolve(FILE).toAbsolutePath());
    }

    /** What files can be opened with; nothing if no keystore is named, and there is none. */
    KeyRing keys(@Nullable Path stateDirectory) {
        KeyStoreFile file = file(stateDirectory);
        try {
            return keystore == null && Files.notExists(file.path()) ? KeyRing.NONE : file.read();
        } catch (IOException e) {
            throw new EnvironmentException("cannot use the keys: " + e.getMessage(),
                    "Name the keystore: --at-rest-key-file FILE");
        }
    }

    /** Has a node use the keystore, if one is named. */
    void putInto(Map<String, String> settings) {
        if (keystore != null) {
            settings.putIfAbsent("at-rest-key-file", keystore.toAbsolutePath().toString());
        }
    }
}

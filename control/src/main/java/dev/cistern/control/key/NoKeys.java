package dev.cistern.control.key;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The vault of who has no keys: nothing is encrypted, and nobody can wish it. */
final class NoKeys implements KeyVault {

    @Override
    public boolean isThere() {
        return false;
    }

    @Override
    public String own(String account, String region) {
        throw new IllegalStateException("there are no keys");
    }

    @Override
    public @Nullable String find(String name, String account, String region) {
        return null;
    }

    @Override
    public Map<String, String> nodeSettings(@Nullable String keyArn) {
        // A node that cannot encrypt is to see that it should, and not to start.
        return keyArn == null ? Map.of() : Map.of(KEY_SETTING, keyArn);
    }

    @Override
    public boolean isSealedWith(Path file, @Nullable String keyArn) {
        return true;
    }

    @Override
    public void seal(Path from, Path to, @Nullable String keyArn) {
        throw new IllegalStateException("there are no keys");
    }
}

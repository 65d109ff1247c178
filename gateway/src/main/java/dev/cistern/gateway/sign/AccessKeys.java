package dev.cistern.gateway.sign;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The access keys that a strict gateway accepts, with their secrets and accounts.
 *
 * <p>Read from a file in the form that AWS's own tools use, so that server and clients can share one:
 *
 * <pre>
 *   [profile name]
 *   aws_access_key_id = AKIDEXAMPLE
 *   aws_secret_access_key = ...
 *   aws_account_id = 123456789012      (optional)
 * </pre>
 */
public final class AccessKeys {

    /** One key. The text form hides the secret. */
    public record AccessKey(String id, String secret, @Nullable String account) {

        public AccessKey {
            if (id.isBlank() || secret.isBlank()) {
                throw new IllegalArgumentException("an access key needs an id and a secret");
            }
            if (account != null && !CallerScope.isAccount(account)) {
                throw new IllegalArgumentException("aws_account_id of " + id + " is not 12 digits");
            }
        }

        @Override
        public String toString() {
            return "AccessKey[" + id + "]";
        }
    }

    private final Map<String, AccessKey> keys;

    private AccessKeys(Map<String, AccessKey> keys) {
        this.keys = Map.copyOf(keys);
    }

    public static AccessKeys of(AccessKey... keys) {
        Map<String, AccessKey> byId = new HashMap<>();
        for (AccessKey key : keys) {
            byId.put(key.id(), key);
        }
        return new AccessKeys(byId);
    }

    /**
     * Reads a credentials file.
     *
     * @throws IllegalArgumentException when a section has no id or no secret; the message names the section, never a secret
     */
    public static AccessKeys read(Path file) throws IOException {
        Map<String, AccessKey> keys = new HashMap<>();
        Map<String, String> section = new HashMap<>();
        String name = "";
        for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
            String text = line.strip();
            if (text.startsWith("[")) {
                addSection(name, section, keys);
                section.clear();
                name = text;
            } else if (!text.isEmpty() && text.charAt(0) != '#' && text.charAt(0) != ';') {
                addSetting(text, section);
            }
        }
        addSection(name, section, keys);
        return new AccessKeys(keys);
    }

    @Nullable
    AccessKey find(String id) {
        return keys.get(id);
    }

    private static void addSetting(String text, Map<String, String> section) {
        int equals = text.indexOf('=');
        if (equals > 0) {
            section.put(text.substring(0, equals).strip().toLowerCase(Locale.ROOT),
                    text.substring(equals + 1).strip());
        }
    }

    private static void addSection(String name, Map<String, String> section, Map<String, AccessKey> keys) {
        String id = section.get("aws_access_key_id");
        String secret = section.get("aws_secret_access_key");
        if (id == null && secret == null) {
            return;
        }
        if (id == null || secret == null) {
            throw new IllegalArgumentException(name + " has only one of aws_access_key_id and aws_secret_access_key");
        }
        keys.put(id, new AccessKey(id, secret, section.get("aws_account_id")));
    }
}

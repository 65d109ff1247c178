package dev.cistern.gateway.sign;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Access keys as they stand in a file, in the form that AWS's own tools use, so that server and clients can share one:
 *
 * <pre>
 *   [name]
 *   aws_access_key_id = AKIDEXAMPLE
 *   aws_secret_access_key = ...
 *   aws_account_id = 123456789012      (optional)
 *   role = viewer                      (optional: viewer, operator, client or admin, which is meant without it)
 * </pre>
 *
 * <p>Immutable; {@link KeyFile} is the file.
 */
public final class AccessKeys implements KeySource {

    private static final String ID = "aws_access_key_id";
    private static final String SECRET = "aws_secret_access_key";
    private static final String ACCOUNT = "aws_account_id";
    private static final String ROLE = "role";

    private final Map<String, AccessKey> keys = new LinkedHashMap<>();

    private AccessKeys(List<AccessKey> all) {
        for (AccessKey key : all) {
            if (keys.put(key.id(), key) != null) {
                throw new IllegalArgumentException("access key id " + key.id() + " stands there twice");
            }
        }
    }

    public static AccessKeys of(AccessKey... keys) {
        return of(List.of(keys));
    }

    public static AccessKeys of(List<AccessKey> keys) {
        return new AccessKeys(keys);
    }

    /**
     * Reads the lines of a file.
     *
     * @throws IllegalArgumentException when a section is not whole; the message names the section, never a secret
     */
    static AccessKeys parse(List<String> lines) {
        List<AccessKey> keys = new ArrayList<>();
        Map<String, String> section = new HashMap<>();
        String name = "";
        for (String line : lines) {
            String text = line.strip();
            if (text.startsWith("[")) {
                addSection(name, section, keys);
                section.clear();
                name = text.replaceAll("^\\[|]$", "").strip();
            } else if (!text.isEmpty() && text.charAt(0) != '#' && text.charAt(0) != ';') {
                addSetting(text, section);
            }
        }
        addSection(name, section, keys);
        return new AccessKeys(keys);
    }

    /** What {@link #parse} reads. */
    String text() {
        StringBuilder text = new StringBuilder(
                "# Access keys of a Cistern, written by `cistern keys`. For nobody else.\n");
        for (AccessKey key : keys.values()) {
            text.append("\n[").append(key.name()).append("]\n");
            add(text, ID, key.id());
            add(text, SECRET, key.secret());
            if (key.account() != null) {
                add(text, ACCOUNT, key.account());
            }
            add(text, ROLE, key.role().text());
        }
        return text.toString();
    }

    public List<AccessKey> all() {
        return List.copyOf(keys.values());
    }

    @Override
    public @Nullable AccessKey find(String id) {
        return keys.get(id);
    }

    private static void add(StringBuilder text, String name, String value) {
        text.append(name).append(" = ").append(value).append('\n');
    }

    private static void addSetting(String text, Map<String, String> section) {
        int equals = text.indexOf('=');
        if (equals > 0) {
            section.put(text.substring(0, equals).strip().toLowerCase(Locale.ROOT),
                    text.substring(equals + 1).strip());
        }
    }

    private static void addSection(String name, Map<String, String> section, List<AccessKey> keys) {
        String id = section.get(ID);
        String secret = section.get(SECRET);
        if (id == null && secret == null) {
            return;
        }
        if (id == null || secret == null) {
            throw new IllegalArgumentException("[" + name + "] has only one of " + ID + " and " + SECRET);
        }
        keys.add(new AccessKey(name, id, secret, section.get(ACCOUNT),
                Role.named(Objects.requireNonNullElse(section.get(ROLE), "admin"))));
    }
}

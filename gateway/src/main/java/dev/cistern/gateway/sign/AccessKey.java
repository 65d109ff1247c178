package dev.cistern.gateway.sign;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A key that calls can be signed with. The text form hides the secret.
 *
 * @param name     what people call it: the section of the file that it stands in
 * @param account  whose resources its calls are about; null when the credentials may say
 */
public record AccessKey(String name, String id, String secret, @Nullable String account, Role role) {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}");

    public AccessKey {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("a key's name has up to 64 letters, digits and characters of . _ @ -");
        }
        if (id.isBlank() || secret.isBlank()) {
            throw new IllegalArgumentException("access key " + name + " needs an id and a secret");
        }
        if (account != null && !CallerScope.isAccount(account)) {
            throw new IllegalArgumentException("aws_account_id of " + name + " is not 12 digits");
        }
    }

    @Override
    public String toString() {
        return "AccessKey[" + name + " " + id + " " + role.text() + "]";
    }
}

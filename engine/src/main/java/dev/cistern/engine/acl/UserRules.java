package dev.cistern.engine.acl;

import dev.cistern.store.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Everything that is said of one user: whether it may come in and how, and what it may do then.
 *
 * <p>Immutable; made by a {@link RuleReader}. The first selector is the user's own, the others stand in parentheses.
 */
public record UserRules(boolean enabled, boolean noPassword, boolean sanitizesPayload, PasswordHashes hashes,
        List<Selector> selectors) {

    /** The SHA-256 of each password, in hexadecimal digits. */
    public List<String> passwordHashes() {
        return hashes.digits();
    }

    /** The user's own selector. */
    public Selector root() {
        return selectors.getFirst();
    }

    boolean isUnrestricted() {
        return selectors.stream().anyMatch(Selector::isUnrestricted);
    }

    /** Whether it may listen to the channel, or by the very pattern. */
    public boolean allowsChannel(byte[] name, boolean isPattern) {
        Bytes copy = Bytes.copyOf(name);
        try {
            return selectors.stream().anyMatch(selector -> selector.allowsChannel(copy, isPattern));
        } finally {
            copy.free();
        }
    }

    boolean hasPassword(byte[] digest) {
        return hashes.contain(digest);
    }

    /** Whether the password of this digest lets in; a refusal takes the same time for every reason. */
    @SuppressWarnings("ShortCircuitBoolean")
    boolean letIn(byte[] digest) {
        return enabled & (hasPassword(digest) | noPassword);
    }

    /** The flags as ACL GETUSER names them. */
    public List<String> flags() {
        List<String> flags = new ArrayList<>();
        flags.add(enabled ? "on" : "off");
        if (noPassword) {
            flags.add("nopass");
        }
        flags.add(sanitizesPayload ? "sanitize-payload" : "skip-sanitize-payload");
        return flags;
    }

    /** All of it as one line of rules, as ACL LIST and files have it. */
    String describe() {
        StringBuilder text = new StringBuilder(String.join(" ", flags()));
        passwordHashes().forEach(hash -> text.append(" #").append(hash));
        text.append(' ').append(root().describe());
        String others = selectors.stream().skip(1).map(selector -> " (" + selector.describe() + ")")
                .collect(Collectors.joining());
        return text.append(others).toString();
    }
}

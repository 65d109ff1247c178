package dev.cistern.engine.acl;

import dev.cistern.engine.acl.RuleException.Reason;
import dev.cistern.engine.dispatch.CommandIndex;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Applies rules to a user, one after the other, and makes {@link UserRules}.
 *
 * <p>Texts stand for bytes, one a character. Used for one user by one thread; when a rule is refused, nothing of it was
 * applied, and the reader is thrown away.
 */
final class RuleReader {
    private static final int HASH_LENGTH = 64;

    private final CommandIndex index;
    private final boolean allChannelsByDefault;
    private boolean enabled;
    private boolean noPassword;
    private boolean sanitizesPayload = true;
    private final List<String> passwordHashes = new ArrayList<>();
    private final SelectorReader root;
    private final List<Selector> others = new ArrayList<>();

    /** Begins with a user that may not come in, and could do nothing. */
    RuleReader(CommandIndex index, boolean allChannelsByDefault) {
        this.index = index;
        this.allChannelsByDefault = allChannelsByDefault;
        this.root = new SelectorReader(index, allChannelsByDefault);
    }

    /** Goes on from what a user is, or from a new one. */
    static RuleReader from(@Nullable UserRules rules, CommandIndex index, boolean allChannelsByDefault) {
        if (rules == null) {
            return new RuleReader(index, allChannelsByDefault);
        }
        RuleReader reader = new RuleReader(index, allChannelsByDefault);
        reader.enabled = rules.enabled();
        reader.noPassword = rules.noPassword();
        reader.sanitizesPayload = rules.sanitizesPayload();
        reader.passwordHashes.addAll(rules.passwordHashes());
        rules.root().copyTo(reader.root);
        reader.others.addAll(rules.selectors().subList(1, rules.selectors().size()));
        return reader;
    }

    UserRules rules() {
        List<Selector> selectors = new ArrayList<>();
        selectors.add(root.selector());
        selectors.addAll(others);
        return new UserRules(enabled, noPassword, sanitizesPayload, new PasswordHashes(passwordHashes),
                List.copyOf(selectors));
    }

    void apply(String rule) throws RuleException {
        if (rule.isEmpty()) {
            return;
        }
        switch (rule.toLowerCase(Locale.ROOT)) {
            case "on" -> enabled = true;
            case "off" -> enabled = false;
            case "sanitize-payload" -> sanitizesPayload = true;
            case "skip-sanitize-payload" -> sanitizesPayload = false;
            case "nopass" -> noPassword(true);
            case "resetpass" -> noPassword(false);
            case "clearselectors" -> others.clear();
            case "reset" -> reset();
            default -> applySpecific(rule);
        }
    }

    private void noPassword(boolean value) {
        noPassword = value;
        passwordHashes.clear();
    }

    private void reset() throws RuleException {
        noPassword(false);
        enabled = false;
        sanitizesPayload = true;
        others.clear();
        for (String rule : List.of("resetkeys", allChannelsByDefault ? "allchannels" : "resetchannels", "alldbs",
                "-@all")) {
            root.apply(rule);
        }
    }

    private void applySpecific(String rule) throws RuleException {
        switch (rule.charAt(0)) {
            case '>', '#' -> addPassword(hash(rule, '>'));
            case '<', '!' -> {
                if (!passwordHashes.remove(hash(rule, '<'))) {
                    throw new RuleException(Reason.NO_SUCH_PASSWORD, rule);
                }
            }
            default -> {
                if (rule.startsWith("(") && rule.endsWith(")")) {
                    others.add(selector(rule));
                } else {
                    root.apply(rule);
                }
            }
        }
    }

    private void addPassword(String hash) {
        if (!passwordHashes.contains(hash)) {
            passwordHashes.add(hash);
        }
        noPassword = false;
    }

    /** The hash that the rule gives, or that of the password it gives after the sign for plain ones. */
    private static String hash(String rule, char plainSign) throws RuleException {
        String given = rule.substring(1);
        if (rule.charAt(0) == plainSign) {
            return HexFormat.of().formatHex(Passwords.digest(given.getBytes(StandardCharsets.ISO_8859_1)));
        }
        boolean isHash = given.length() == HASH_LENGTH
                && given.chars()
                        .allMatch(letter -> (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f'));
        if (!isHash) {
            throw new RuleException(Reason.BAD_HASH, rule);
        }
        return given;
    }

    private Selector selector(String rule) throws RuleException {
        SelectorReader reader = new SelectorReader(index, allChannelsByDefault);
        for (String part : rule.substring(1, rule.length() - 1).split(" ")) {
            if (!part.isEmpty()) {
                applyInside(reader, part, rule);
            }
        }
        return reader.selector();
    }

    /** A selector's rule is refused as a whole. */
    private static void applyInside(SelectorReader reader, String part, String rule) throws RuleException {
        try {
            reader.apply(part);
        } catch (RuleException refused) {
            throw new RuleException(refused.reason(), rule);
        }
    }

    /**
     * Joins the words of a selector, which begins with a parenthesis in one word and ends with one in a later word.
     *
     * @throws UnmatchedParenthesisException a selector does not end
     */
    static List<String> join(List<String> words) throws UnmatchedParenthesisException {
        List<String> joined = new ArrayList<>();
        StringBuilder selector = null;
        String beginning = "";
        for (String word : words) {
            if (selector != null) {
                selector.append(' ').append(word);
            } else if (word.startsWith("(") && !word.endsWith(")")) {
                selector = new StringBuilder(word);
                beginning = word;
            } else {
                joined.add(word);
            }
            if (selector != null && word.endsWith(")")) {
                joined.add(selector.toString());
                selector = null;
            }
        }
        if (selector != null) {
            throw new UnmatchedParenthesisException(beginning);
        }
        return joined;
    }

    /** A selector that does not end. */
    static final class UnmatchedParenthesisException extends Exception {
        private final String beginning;

        UnmatchedParenthesisException(String beginning) {
            super("unmatched parenthesis");
            this.beginning = beginning;
        }

        String beginning() {
            return beginning;
        }
    }
}

package dev.cistern.engine.acl;

import dev.cistern.engine.acl.RuleReader.UnmatchedParenthesisException;
import dev.cistern.engine.dispatch.CommandIndex;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.settings.Settings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The users of a node: who may come in, and as whom.
 *
 * <p>Any thread may ask. Changes take this object's monitor, one after the other; whoever is told of them
 * ({@link Listener}) is told while it is held. Names and rules stand for bytes, one a character, but for those that are
 * said to be text.
 */
public final class Users {
    private static final Logger LOG = LoggerFactory.getLogger(Users.class);
    private static final CommandException NO_FILE = CommandException.of("ERR This instance is not configured to use an "
            + "ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE "
            + "(assuming you have a configuration file set) in order to store users in the configuration.");
    private static final CommandException NOT_SAVED = CommandException.of(
            "ERR There was an error trying to save the ACLs. Please check the server logs for more information");
    private static final CommandException BAD_NAME = CommandException.of(
            "ERR Usernames can't contain spaces or null characters");
    private static final CommandException DEFAULT_STAYS = CommandException.of(
            "ERR The 'default' user cannot be removed");

    private final Settings settings;
    private final CommandIndex commands;
    private final @Nullable User internal;
    private final ConcurrentSkipListMap<String, User> byName = new ConcurrentSkipListMap<>();
    private final User defaultUser;
    private final User primaryUser;
    /** In the place of one who is not there: nobody comes in as this one. */
    private final User nobody;
    /** Those of {@link #byName} for logins; null after a change until somebody logs in. */
    private volatile @Nullable NameTable<User> logins;
    private final Listener listener;
    private final LoginTokens loginTokens = new LoginTokens();
    /** The last value of requirepass that was put into effect. */
    private String requiredPassword = "";

    /** Whoever keeps the sessions: what happens to them when users change is decided there. */
    public interface Listener {
        /** The user is gone: its sessions end. */
        void deleted(User user);

        /** The user may do other things than before. */
        void changed(User user, UserRules before, UserRules now);
    }

    public Users(Settings settings, CommandIndex commands, @Nullable InternalUser internalUser, Listener listener) {
        this.settings = settings;
        this.commands = commands;
        this.listener = listener;
        this.internal = internalUser == null ? null : internal(internalUser);
        this.defaultUser = new User(User.DEFAULT_NAME, false, rules("on", "nopass", "~*", "&*", "+@all"));
        this.primaryUser = new User("", true, rules("on", "~*", "&*", "+@all"));
        this.nobody = new User("", false, rules("off"));
        put(defaultUser);
    }

    /** The control plane's own user, whom no customer sees; in text. */
    public record InternalUser(String name, String password) {

        @Override
        public String toString() {
            return "InternalUser[" + name + "]";
        }
    }

    private User internal(InternalUser user) {
        return new User(bytesOf(user.name()), true, rules("on", ">" + bytesOf(user.password()), "~*", "&*", "+@all"));
    }

    /** The bytes of a text, each as a character. */
    private static String bytesOf(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    private static String textOf(String bytes) {
        return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    private UserRules rules(String... words) {
        try {
            return apply(null, List.of(words), commands);
        } catch (RuleException | UnmatchedParenthesisException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private UserRules apply(@Nullable UserRules before, List<String> words, CommandIndex known)
            throws RuleException, UnmatchedParenthesisException {
        RuleReader reader = RuleReader.from(before, known, allChannelsByDefault());
        for (String rule : RuleReader.join(words)) {
            reader.apply(rule);
        }
        return reader.rules();
    }

    private boolean allChannelsByDefault() {
        return settings.aclPubsubDefault.value().equals("allchannels");
    }

    // --- asking ---

    /** Whom a session speaks for until it says otherwise. */
    public User defaultUser() {
        return defaultUser;
    }

    /** Whom the stream of our primary speaks for; nobody can log in as this one. */
    public User primaryUser() {
        return primaryUser;
    }

    /** The user of this name, as far as customers can tell. */
    public @Nullable User find(String name) {
        return byName.get(name);
    }

    /** Whether there is a user of this name, given as text, as far as customers can tell. */
    public boolean isKnown(String textName) {
        return byName.containsKey(bytesOf(textName));
    }

    /** All of them but the control plane's own, by name. */
    public Collection<User> all() {
        return Collections.unmodifiableCollection(byName.values());
    }

    /** Whether a new session has to say who it is before anything else. */
    public boolean isPasswordRequired() {
        UserRules rules = defaultUser.rules();
        return !rules.noPassword() || !rules.enabled();
    }

    /**
     * The user of this name with this password, or null. A refusal takes the same time whether the name is unknown, its user
     * is disabled or the password is wrong.
     */
    @SuppressWarnings("ShortCircuitBoolean")
    public @Nullable User authenticate(String name, byte[] password) {
        byte[] digest = Passwords.digest(password);
        User claimed = logins().find(NameDigest.of(name));
        boolean letIn = claimed.rules().letIn(digest);
        // To a customer the internal name is as free as any: both may exist.
        boolean isInternal = isInternal(name) & (internal == null ? nobody : internal).rules().letIn(digest);
        return isInternal ? internal : letIn ? claimed : null;
    }

    private NameTable<User> logins() {
        NameTable<User> table = logins;
        return table == null ? listLogins() : table;
    }

    private synchronized NameTable<User> listLogins() {
        Map<NameDigest, User> byDigest = new HashMap<>();
        byName.values().forEach(user -> byDigest.put(user.digest(), user));
        NameTable<User> table = new NameTable<>(byDigest, nobody);
        logins = table;
        return table;
    }

    private void put(User user) {
        byName.put(user.key(), user);
        logins = null;
    }

    private @Nullable User remove(String name) {
        User removed = byName.remove(name);
        logins = null;
        return removed;
    }

    /** The user of this name with this token in place of a password, or null. Only where the name is one that shows tokens. */
    public @Nullable User authenticateByToken(String name, byte[] token, long nowMillis) {
        User claimed = byName.get(name);
        return claimed != null && claimed.rules().enabled() && loginTokens.accepts(name, token, nowMillis)
                ? claimed
                : null;
    }

    /** Who shows tokens, and what they have to be like. */
    public LoginTokens loginTokens() {
        return loginTokens;
    }

    /** Whether the control plane has a user of its own here. */
    public boolean hasInternal() {
        return internal != null;
    }

    /** Whether it is the control plane's name, of which no log may speak. */
    public boolean isInternal(String name) {
        return internal != null && internal.key().equals(name);
    }

    // --- changing ---

    /** Applies these rules to a user, who is made if missing; the caller may name the commands that it knows. */
    public synchronized void set(String name, List<String> words, CommandIndex known) {
        if (SelectorReader.hasSpaces(name)) {
            throw BAD_NAME;
        }
        User user = byName.get(name);
        UserRules before = user == null ? null : user.rules();
        UserRules now = applyOrRefuse(before, words, known);
        if (user == null || before == null) {
            put(new User(name, false, now));
        } else {
            user.rules(now);
            listener.changed(user, before, now);
        }
    }

    private UserRules applyOrRefuse(@Nullable UserRules before, List<String> words, CommandIndex known) {
        try {
            return apply(before, words, known);
        } catch (RuleException refused) {
            throw CommandException.of(
                    "ERR Error in ACL SETUSER modifier '" + textOf(refused.rule()) + "': " + refused.text());
        } catch (UnmatchedParenthesisException unmatched) {
            throw CommandException.of(
                    "ERR Unmatched parenthesis in acl selector starting at '" + textOf(unmatched.beginning()) + "'.");
        }
    }

    /** Takes users away; answers how many there were. */
    public synchronized int delete(List<String> names) {
        if (names.contains(User.DEFAULT_NAME)) {
            throw DEFAULT_STAYS;
        }
        int deleted = 0;
        for (String name : names) {
            User user = remove(name);
            if (user != null) {
                end(user);
                deleted++;
            }
        }
        return deleted;
    }

    /** Nothing it still has to say is heard, even before its sessions are closed. */
    private void end(User user) {
        user.deleted(rules());
        listener.deleted(user);
    }

    /** Puts the setting requirepass into effect if it was changed: it is the default user's only password. */
    public synchronized void requirePassword(String text) {
        if (text.equals(requiredPassword)) {
            return;
        }
        requiredPassword = text;
        List<String> words = text.isEmpty() ? List.of("nopass") : List.of("resetpass", ">" + bytesOf(text));
        set(User.DEFAULT_NAME, words, commands);
    }

    // --- the file ---

    private AclFile file() {
        String path = settings.aclFile.value();
        if (path.isEmpty()) {
            throw NO_FILE;
        }
        return new AclFile(Path.of(path), commands, allChannelsByDefault());
    }

    /** Takes the users from the file, if one is set: all of them, or none and an exception that says why. */
    public synchronized void loadAtStart() throws IOException {
        if (settings.aclFile.value().isEmpty()) {
            return;
        }
        try {
            replace(file().read());
        } catch (AclFile.UnusableFileException e) {
            throw new IOException(e.text(), e);
        }
    }

    /** Takes the users from the file in place of those there are; throws what the client is told if it cannot. */
    public synchronized void load() {
        try {
            replace(file().read());
        } catch (AclFile.UnusableFileException e) {
            throw CommandException.of("ERR " + e.text());
        }
    }

    private void replace(Map<String, UserRules> loaded) {
        Map<String, UserRules> wanted = new TreeMap<>(loaded);
        wanted.putIfAbsent(User.DEFAULT_NAME, rules("on", "nopass", "~*", "&*", "+@all"));
        for (User user : new ArrayList<>(byName.values())) {
            UserRules now = wanted.remove(user.key());
            if (now == null) {
                remove(user.key());
                end(user);
            } else {
                UserRules before = user.rules();
                user.rules(now);
                listener.changed(user, before, now);
            }
        }
        wanted.forEach((name, rules) -> put(new User(name, false, rules)));
    }

    /** Writes the users to the file. */
    public synchronized void save() {
        AclFile file = file();
        try {
            file.write(byName.values());
        } catch (IOException e) {
            LOG.error("the users could not be saved", e);
            throw NOT_SAVED;
        }
    }
}

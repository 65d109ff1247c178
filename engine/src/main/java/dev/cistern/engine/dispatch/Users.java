package dev.cistern.engine.dispatch;

import dev.cistern.engine.settings.Settings;
import org.jspecify.annotations.Nullable;

/** The users of a node, and who may come in. Any thread. */
public final class Users {
    private final Settings settings;
    private final @Nullable User internal;
    private final User defaultUser = User.of(User.DEFAULT_NAME, "", false);

    Users(Settings settings, @Nullable User internal) {
        this.settings = settings;
        this.internal = internal;
    }

    /** Whom a session speaks for until it says otherwise. */
    User defaultUser() {
        return defaultUser;
    }

    /** Whether there is a user of this name, as far as customers can tell. */
    public boolean isKnown(String name) {
        return name.equals(User.DEFAULT_NAME);
    }

    /** Whether a new session has to say who it is before anything else. */
    boolean isPasswordRequired() {
        return !settings.requirePass.value().isEmpty();
    }

    /** The user of this name with this password, or null. An unknown name takes as long as a wrong password. */
    public @Nullable User authenticate(String name, byte[] password) {
        String required = settings.requirePass.value();
        User defaultUser = User.of(User.DEFAULT_NAME, required, false);
        boolean isInternal = internal != null && internal.name().equals(name);
        User claimed = isInternal && internal != null ? internal : defaultUser;
        boolean right = claimed.hasPassword(password);
        if (isInternal) {
            return right ? claimed : null;
        }
        return name.equals(User.DEFAULT_NAME) && (right || required.isEmpty()) ? claimed : null;
    }
}

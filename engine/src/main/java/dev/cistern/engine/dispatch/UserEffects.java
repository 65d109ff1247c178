package dev.cistern.engine.dispatch;

import dev.cistern.engine.acl.User;
import dev.cistern.engine.acl.UserRules;
import dev.cistern.engine.acl.Users;

/**
 * What changes of users mean for open sessions: those of a deleted user end, and those that
 * listen to what it may not hear any more.
 *
 * <p>Any thread. Between the change and a session's end on its own loop the user has no rights left, so nothing slips
 * through; and whoever speaks as a deleted one meanwhile gets no answer.
 */
final class UserEffects implements Users.Listener {
    private final Sessions sessions;

    UserEffects(Sessions sessions) {
        this.sessions = sessions;
    }

    @Override
    public void deleted(User user) {
        for (Session session : sessions.all()) {
            if (session.user() == user) {
                session.execute(() -> session.endAs(user));
            }
        }
    }

    @Override
    public void changed(User user, UserRules before, UserRules now) {
        // Rights are looked up anew for every command, but those who listen send none.
        for (Session session : sessions.all()) {
            if (session.user() == user) {
                session.execute(() -> session.endUnlessAllowed(user));
            }
        }
    }
}

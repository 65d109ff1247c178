package dev.cistern.control.node;

import java.time.LocalDate;
import java.util.List;

/** The access keys whose owners may log in to nodes by a signed token. Any thread. */
public interface LoginKeys {

    /** Nobody has any. */
    LoginKeys NONE = new LoginKeys() {
        @Override
        public Object state() {
            return "none";
        }

        @Override
        public List<SigningKey> of(String account, String region, LocalDate date) {
            return List.of();
        }
    };

    /** Something that is equal as long as the keys are the same: cheap, for it is asked every second. */
    Object state();

    /** What judges tokens of that date for caches of that account and region. */
    List<SigningKey> of(String account, String region, LocalDate date);
}

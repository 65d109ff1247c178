package dev.cistern.app;

import java.nio.file.Path;
import java.util.Map;

/** Where state lies when the user does not say it. */
final class StateFolder {

    private StateFolder() {}

    /** $CISTERN_HOME, else .cistern in the home folder. */
    static Path byDefault(Map<String, String> environment) {
        String home = environment.get("CISTERN_HOME");
        return home != null && !home.isBlank() ? Path.of(home) : Path.of(System.getProperty("user.home"), ".cistern");
    }
}

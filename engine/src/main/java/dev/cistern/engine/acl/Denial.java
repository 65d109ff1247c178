package dev.cistern.engine.acl;

/**
 * Why a user may not run a command. When several selectors refuse, the one that came furthest counts: the order below
 * is the order of the checks within a selector, and so of these reasons.
 */
public enum Denial {
    /** It touches a database that is not the user's; a selector for other databases does not count as meant. */
    DATABASE("database"), COMMAND("command"), KEY("key"),
    /** Who came in was not let in: in the log alone. */
    AUTHENTICATION("auth"), CHANNEL("channel");

    private final String text;

    Denial(String text) {
        this.text = text;
    }

    /** As ACL LOG names it. */
    public String text() {
        return text;
    }

    /** What the client is told. */
    public String message(User user, String command) {
        return switch (this) {
            case COMMAND -> "User " + user.name() + " has no permissions to run the '" + command + "' command";
            case KEY -> "No permissions to access a key";
            case CHANNEL -> "No permissions to access a channel";
            case DATABASE -> "No permissions to access database";
            case AUTHENTICATION -> throw new IllegalStateException("nobody is refused a command for it");
        };
    }

    /** What ACL DRYRUN tells: the same, with what was touched. */
    public String fullMessage(User user, String command, String touched) {
        String start = "User " + user.name() + " has no permissions to ";
        return switch (this) {
            case COMMAND -> message(user, command);
            case KEY -> start + "access the '" + touched + "' key";
            case CHANNEL -> start + "access the '" + touched + "' channel";
            case DATABASE -> start + "access database " + touched;
            case AUTHENTICATION -> throw new IllegalStateException("nobody is refused a command for it");
        };
    }

    /** What EXEC tells when rights were taken away after the command was queued. */
    public String reason() {
        return switch (this) {
            case COMMAND -> "no permission to execute the command or subcommand";
            case KEY -> "no permission to touch the specified keys";
            case CHANNEL -> "no permission to access one of the channels used as arguments to the command";
            case DATABASE -> "no permission to access the database";
            case AUTHENTICATION -> throw new IllegalStateException("nobody is refused a command for it");
        };
    }
}

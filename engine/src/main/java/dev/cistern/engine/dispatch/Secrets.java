package dev.cistern.engine.dispatch;

import dev.cistern.engine.protocol.Request;

/**
 * Which arguments of a command no log and no watching client may show: passwords, and what is said of users.
 *
 * <p>As the original hides them, names beside passwords included. Stateless; any thread.
 */
public final class Secrets {
    /** What is shown in place of a secret. */
    public static final String INSTEAD = "(redacted)";

    private Secrets() {}

    /** Whether the argument at this index is one. */
    public static boolean isSecret(Command command, Request request, int index) {
        return switch (command.fullName()) {
            case "auth" -> index >= 1;
            case "hello" -> isAfter(request, index, 2, "AUTH", 2);
            case "acl|setuser", "acl|deluser", "acl|getuser" -> index >= 2;
            case "config|set" -> index >= 3 && index % 2 == 1 && isSecretSetting(request, index - 1);
            case "cistern|login-tokens" -> index >= 2;
            case "cistern|move-slots" -> isAfter(request, index, 4, "AUTH2", 2);
            case "migrate" -> isAfter(request, index, 6, "AUTH", 1) || isAfter(request, index, 6, "AUTH2", 2);
            default -> false;
        };
    }

    /** Whether the argument is one of the {@code count} after this word, which may stand from an index on. */
    private static boolean isAfter(Request request, int index, int from, String word, int count) {
        for (int i = index - 1; i >= Math.max(from, index - count); i--) {
            if (request.is(i, word)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isSecretSetting(Request request, int nameAt) {
        return request.is(nameAt, "REQUIREPASS") || request.is(nameAt, "MASTERAUTH")
                || request.is(nameAt, "PRIMARYAUTH") || request.is(nameAt, "MASTERUSER")
                || request.is(nameAt, "PRIMARYUSER") || request.is(nameAt, "TLS-KEY-FILE-PASS")
                || request.is(nameAt, "TLS-CLIENT-KEY-FILE-PASS");
    }
}

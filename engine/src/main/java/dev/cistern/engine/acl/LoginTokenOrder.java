package dev.cistern.engine.acl;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_MULTI;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.STALE;

/**
 * What a control plane orders of a node about tokens in place of passwords: a subcommand of CISTERN.
 *
 * <pre>
 *   LOGIN-TOKENS resource type region USERS n name ... KEYS n id date hex ...
 * </pre>
 *
 * <p>It takes the place of all that was told before; the type is {@code -} where tokens do not name one. The node keeps it
 * in memory alone. The session's loop; no stripe is held.
 */
public final class LoginTokenOrder {
    public static final Command.Row ROW = command("LOGIN-TOKENS", -9, ADMIN, STALE, LOADING, NO_SCRIPT, NO_MULTI)
            .runsInSession(LoginTokenOrder::run);

    private static final int USERS_AT = 5;
    private static final int WORDS_OF_KEY = 3;
    private static final CommandException NO_KEY = CommandException.of("ERR a signing key is 64 hex digits");

    private LoginTokenOrder() {}

    private static void run(Session session, Request request, Reply reply) {
        int users = countAt(request, USERS_AT, "USERS", 1);
        int keysAt = USERS_AT + 2 + users;
        int keys = countAt(request, keysAt, "KEYS", WORDS_OF_KEY);
        if (request.count() != keysAt + 2 + keys * WORDS_OF_KEY) {
            throw CommandException.SYNTAX_ERROR;
        }
        Set<String> names = new HashSet<>();
        for (int i = 0; i < users; i++) {
            names.add(new String(request.copy(USERS_AT + 2 + i), StandardCharsets.ISO_8859_1));
        }
        Map<String, byte[]> known = new HashMap<>();
        for (int i = 0; i < keys; i++) {
            int at = keysAt + 2 + i * WORDS_OF_KEY;
            known.put(request.text(at) + "/" + request.text(at + 1), keyAt(request, at + 2));
        }
        String type = request.text(3);
        session.node().users().loginTokens().become(new LoginTokens.Terms(
                request.text(2).toLowerCase(Locale.ROOT), type.equals("-") ? "" : type, request.text(4), names, known));
        reply.ok();
    }

    private static int countAt(Request request, int index, String word, int wordsOfEach) {
        if (index + 1 >= request.count() || !request.is(index, word)) {
            throw CommandException.SYNTAX_ERROR;
        }
        return (int) request.longAt(index + 1, 0, (request.count() - index - 2) / wordsOfEach,
                CommandException.SYNTAX_ERROR);
    }

    private static byte[] keyAt(Request request, int index) {
        String text = request.text(index);
        if (!text.matches("[0-9a-f]{64}")) {
            throw NO_KEY;
        }
        return HexFormat.of().parseHex(text);
    }
}

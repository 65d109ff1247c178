package dev.cistern.engine.cluster;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import java.util.ArrayList;
import java.util.List;

import static dev.cistern.engine.dispatch.Category.DANGEROUS;
import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.DELETE;
import static dev.cistern.engine.dispatch.KeySpec.Use.INCOMPLETE;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.key;

/**
 * MIGRATE: reads what is asked for, and begins a {@link Migration}, while the keys' stripes are held. The loop's thread.
 */
public final class MigrateCommand {

    public static final CommandTable TABLE = CommandTable.of("generic",
            command("MIGRATE", -6, key(3).as(RW, ACCESS, DELETE), KeySpec.after("KEYS", -2, -1, 1, 0).as(RW, ACCESS,
                    DELETE, INCOMPLETE), WRITE, DANGEROUS, tip("nondeterministic_output"))
                    .runsInSession(MigrateCommand::migrate));

    private static final CommandException KEY_IS_NOT_EMPTY = CommandException.of("ERR When using MIGRATE KEYS option, "
            + "the key argument must be set to the empty string");
    private static final CommandException MUST_NOT_WAIT = CommandException.of(
            "ERR MIGRATE waits for another server, which a transaction or script must not");
    private static final int USUAL_TIMEOUT_MILLIS = 1000;

    private MigrateCommand() {}

    /** MIGRATE host port key|"" database timeout [COPY] [REPLACE] [AUTH pass | AUTH2 user pass] [KEYS key …] */
    private static void migrate(Session session, Request request, Reply reply) {
        Options options = Options.of(request);
        long timeout = request.longAt(5);
        long database = request.longAt(4);
        if (session.loop().unit().isRunning()) {
            throw MUST_NOT_WAIT;
        }
        Migration.Target target = new Migration.Target(request.text(1), request.text(2), database,
                timeout <= 0 ? USUAL_TIMEOUT_MILLIS : (int) Math.min(timeout, Integer.MAX_VALUE), options.user,
                options.password);
        if (!Migration.begin(session, request, target, options.copies, options.replaces, options.keys)) {
            reply.status("NOKEY");
        }
    }

    /** What follows the timeout. */
    private static final class Options {
        private boolean copies;
        private boolean replaces;
        private String user = "";
        private String password = "";
        private List<byte[]> keys = new ArrayList<>();

        static Options of(Request request) {
            Options options = new Options();
            int i = 6;
            while (i < request.count()) {
                int left = request.count() - i - 1;
                if (request.is(i, "COPY")) {
                    options.copies = true;
                } else if (request.is(i, "REPLACE")) {
                    options.replaces = true;
                } else if (request.is(i, "AUTH") && left >= 1) {
                    options.password = request.text(++i);
                } else if (request.is(i, "AUTH2") && left >= 2) {
                    options.user = request.text(++i);
                    options.password = request.text(++i);
                } else if (request.is(i, "KEYS")) {
                    i = options.readKeys(request, i + 1);
                } else {
                    throw CommandException.SYNTAX_ERROR;
                }
                i++;
            }
            if (options.keys.isEmpty()) {
                options.keys.add(request.copy(3));
            }
            return options;
        }

        private int readKeys(Request request, int from) {
            if (request.argument(3).length() > 0) {
                throw KEY_IS_NOT_EMPTY;
            }
            for (int i = from; i < request.count(); i++) {
                keys.add(request.copy(i));
            }
            return request.count();
        }
    }
}

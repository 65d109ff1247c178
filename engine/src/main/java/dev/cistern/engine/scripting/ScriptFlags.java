package dev.cistern.engine.scripting;

import dev.cistern.engine.dispatch.Flag;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Request;
import org.jspecify.annotations.Nullable;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/**
 * What a request for a script does, for the gate: as the script says of itself, if it does, and as its command's row
 * says, if not. Asked only while something might refuse it. The loop's thread.
 */
final class ScriptFlags {
    private static final int OPEN = Flag.STALE.bit() | Flag.DENY_OOM.bit() | Flag.WRITE.bit()
            | Flag.MAY_REPLICATE.bit();

    private ScriptFlags() {}

    /** EVAL and EVAL_RO. One that cannot be compiled complains when it is run. */
    static int ofText(Session session, Request request, int flags) {
        try {
            return of(Scripts.of(session).lookup.ofText(request.argument(1)), flags);
        } catch (CommandException notAScript) {
            return flags;
        }
    }

    static int ofDigest(Session session, Request request, int flags) {
        return of(Scripts.of(session).lookup.ofDigest(request.argument(1)), flags);
    }

    static int ofFunction(Session session, Request request, int flags) {
        Function function = Scripts.of(session.node()).functions().find(new String(request.copy(1), ISO_8859_1));
        return function == null ? flags : told(function.flags(), flags);
    }

    private static int of(@Nullable Script script, int flags) {
        return script == null || ScriptFlag.LEGACY.isIn(script.flags()) ? flags : told(script.flags(), flags);
    }

    private static int told(int script, int flags) {
        boolean noWrites = ScriptFlag.NO_WRITES.isIn(script);
        int known = flags & ~OPEN;
        if (!noWrites) {
            known |= Flag.WRITE.bit();
        }
        if (!noWrites && !ScriptFlag.ALLOW_OOM.isIn(script)) {
            known |= Flag.DENY_OOM.bit();
        }
        return ScriptFlag.ALLOW_STALE.isIn(script) ? known | Flag.STALE.bit() : known;
    }
}

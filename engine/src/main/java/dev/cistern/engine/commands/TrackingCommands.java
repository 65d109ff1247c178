package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.ClientLine;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.tracking.Tracking;
import dev.cistern.engine.tracking.Tracking.Choice;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The subcommands of CLIENT that are about client-side caching. Their rows stand with the others of CLIENT. */
final class TrackingCommands {
    private static final CommandException ONE_REDIRECT = CommandException.of(
            "ERR A client can only redirect to a single other client");
    private static final CommandException NO_SUCH_TARGET = CommandException.of(
            "ERR The client ID you want redirect to does not exist");
    private static final CommandException PREFIX_WITHOUT_BROADCAST = CommandException.of(
            "ERR PREFIX option requires BCAST mode to be enabled");
    private static final CommandException OTHER_BROADCAST = CommandException
            .of("ERR You can't switch BCAST mode on/off "
                    + "before disabling tracking for this client, and then re-enabling it with a different mode.");
    private static final CommandException CHOICE_WITH_BROADCAST = CommandException.of(
            "ERR OPTIN and OPTOUT are not compatible with BCAST");
    private static final CommandException TWO_CHOICES = CommandException.of(
            "ERR You can't specify both OPTIN mode and OPTOUT mode");
    private static final CommandException OTHER_CHOICE = CommandException.of("ERR You can't switch OPTIN/OPTOUT mode "
            + "before disabling tracking for this client, and then re-enabling it with a different mode.");
    private static final String OVERLAP = "ERR Prefix '%s' overlaps with %s prefix '%s'. Prefixes for a single client "
            + "must not overlap.";
    private static final CommandException NOTHING_TO_CHOOSE = CommandException.of("ERR CLIENT CACHING can be called "
            + "only when the client is in tracking mode with OPTIN or OPTOUT mode enabled");
    private static final CommandException NOT_OPT_IN = CommandException.of(
            "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
    private static final CommandException NOT_OPT_OUT = CommandException.of(
            "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");

    private TrackingCommands() {}

    /** CLIENT TRACKING (ON|OFF) [REDIRECT id] [BCAST] [PREFIX prefix ...] [OPTIN] [OPTOUT] [NOLOOP] */
    static void tracking(Session session, Request request, Reply reply) {
        Options options = new Options(session, request);
        if (request.is(2, "ON")) {
            session.node().trackedKeys().begin(session, options.tracking());
        } else if (request.is(2, "OFF")) {
            session.node().trackedKeys().end(session);
        } else {
            throw CommandException.SYNTAX_ERROR;
        }
        reply.ok();
    }

    /** The options of one CLIENT TRACKING, and what they may not be together. */
    private static final class Options {
        private final @Nullable Tracking before;
        private long redirect;
        private boolean broadcast;
        private boolean optIn;
        private boolean optOut;
        private boolean noLoop;
        private final List<byte[]> prefixes = new ArrayList<>();

        Options(Session session, Request request) {
            before = session.tracking();
            for (int i = 3; i < request.count(); i++) {
                boolean hasMore = i + 1 < request.count();
                if (request.is(i, "REDIRECT") && hasMore) {
                    redirect(session, request, ++i);
                } else if (request.is(i, "PREFIX") && hasMore) {
                    prefixes.add(request.copy(++i));
                } else if (request.is(i, "BCAST")) {
                    broadcast = true;
                } else if (request.is(i, "OPTIN")) {
                    optIn = true;
                } else if (request.is(i, "OPTOUT")) {
                    optOut = true;
                } else if (request.is(i, "NOLOOP")) {
                    noLoop = true;
                } else {
                    throw CommandException.SYNTAX_ERROR;
                }
            }
        }

        private void redirect(Session session, Request request, int at) {
            if (redirect != 0) {
                throw ONE_REDIRECT;
            }
            redirect = request.longAt(at);
            if (session.node().sessions().find(redirect) == null) {
                throw NO_SUCH_TARGET;
            }
        }

        Tracking tracking() {
            if (!broadcast && !prefixes.isEmpty()) {
                throw PREFIX_WITHOUT_BROADCAST;
            }
            if (before != null && before.broadcast() != broadcast) {
                throw OTHER_BROADCAST;
            }
            if (broadcast && (optIn || optOut)) {
                throw CHOICE_WITH_BROADCAST;
            }
            if (optIn && optOut) {
                throw TWO_CHOICES;
            }
            if (before != null && ((optIn && before.choice() == Choice.OPT_OUT)
                    || (optOut && before.choice() == Choice.OPT_IN))) {
                throw OTHER_CHOICE;
            }
            Choice choice = optIn ? Choice.OPT_IN : optOut ? Choice.OPT_OUT : Choice.ALL;
            return new Tracking(redirect, broadcast, choice, noLoop, broadcast ? allPrefixes() : List.of());
        }

        /** Those of before and the new ones; the empty one, which is the beginning of every key, if none was given. */
        private List<byte[]> allPrefixes() {
            List<byte[]> all = new ArrayList<>(before == null ? List.of() : before.prefixes());
            for (int i = 0; i < prefixes.size(); i++) {
                byte[] prefix = prefixes.get(i);
                refuseOverlap(prefix, all, "an existing");
                refuseOverlap(prefix, prefixes.subList(i + 1, prefixes.size()), "another provided");
            }
            all.addAll(prefixes);
            if (prefixes.isEmpty() && all.stream().noneMatch(prefix -> prefix.length == 0)) {
                all.add(new byte[0]);
            }
            return all;
        }

        private static void refuseOverlap(byte[] prefix, List<byte[]> others, String what) {
            for (byte[] other : others) {
                if (Tracking.overlap(prefix, other)) {
                    throw CommandException.of(OVERLAP, text(prefix), what, text(other));
                }
            }
        }

        private static String text(byte[] bytes) {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /** CLIENT CACHING (YES|NO) */
    static void caching(Session session, Request request, Reply reply) {
        Tracking tracking = session.tracking();
        if (tracking == null) {
            throw NOTHING_TO_CHOOSE;
        }
        if (request.is(2, "YES")) {
            require(tracking.choice() == Choice.OPT_IN, NOT_OPT_IN);
        } else if (request.is(2, "NO")) {
            require(tracking.choice() == Choice.OPT_OUT, NOT_OPT_OUT);
        } else {
            throw CommandException.SYNTAX_ERROR;
        }
        session.cachingGiven();
        reply.ok();
    }

    private static void require(boolean condition, CommandException otherwise) {
        if (!condition) {
            throw otherwise;
        }
    }

    /** CLIENT GETREDIR */
    static void getRedirect(Session session, Request request, Reply reply) {
        reply.integer(ClientLine.redirect(session));
    }

    /** CLIENT TRACKINGINFO */
    static void trackingInfo(Session session, Request request, Reply reply) {
        Tracking tracking = session.tracking();
        List<String> flags = tracking == null ? List.of("off") : flags(session, tracking);
        List<byte[]> prefixes = tracking == null ? List.of() : tracking.prefixes();
        reply.map(3);
        reply.bulk("flags");
        reply.set(flags.size());
        flags.forEach(reply::bulk);
        reply.bulk("redirect");
        reply.integer(ClientLine.redirect(session));
        reply.bulk("prefixes");
        reply.array(prefixes.size());
        prefixes.forEach(reply::bulk);
    }

    private static List<String> flags(Session session, Tracking tracking) {
        List<String> flags = new ArrayList<>(List.of("on"));
        if (tracking.broadcast()) {
            flags.add("bcast");
        }
        if (tracking.choice() != Choice.ALL) {
            boolean isIn = tracking.choice() == Choice.OPT_IN;
            flags.add(isIn ? "optin" : "optout");
            if (session.isCachingGiven()) {
                flags.add(isIn ? "caching-yes" : "caching-no");
            }
        }
        if (tracking.noLoop()) {
            flags.add("noloop");
        }
        if (session.isRedirectBroken()) {
            flags.add("broken_redirect");
        }
        return flags;
    }
}

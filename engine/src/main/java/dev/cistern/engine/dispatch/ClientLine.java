package dev.cistern.engine.dispatch;

import dev.cistern.engine.pubsub.Kind;
import dev.cistern.engine.tracking.Tracking;
import java.util.Locale;

/** One session as CLIENT LIST and CLIENT INFO describe it. May look at sessions of other loops: see {@link Session}. */
public final class ClientLine {

    private ClientLine() {}

    public static String of(Session session, long nowMillis) {
        Command last = session.lastCommand();
        long waiting = session.waitingBytes();
        long backlog = session.connection().backlogBytes();
        long capacity = session.waitingCapacity();
        return String.format(Locale.ROOT,
                "id=%d addr=%s laddr=%s fd=%d name=%s age=%d idle=%d flags=%s db=%d sub=%d psub=%d ssub=%d multi=%d "
                        + "watch=%d qbuf=%d qbuf-free=%d argv-mem=0 multi-mem=%d rbs=0 rbp=0 obl=0 oll=%d omem=%d "
                        + "tot-mem=%d events=r cmd=%s user=%s redir=%d resp=%d lib-name=%s lib-ver=%s "
                        + "tot-net-in=%d tot-net-out=%d tot-cmds=%d",
                session.id(), session.remoteAddress(), session.localAddress(), session.connection().descriptor(),
                session.name(), (nowMillis - session.createdMillis()) / 1000,
                Math.max(0, nowMillis - session.lastActiveMillis()) / 1000, flags(session), session.database(),
                session.subscriptions(Kind.CHANNEL), session.subscriptions(Kind.PATTERN),
                session.subscriptions(Kind.SHARD), session.queuedCommands(), session.watchedKeys(), waiting,
                capacity - waiting, session.queuedBytes(),
                backlog == 0 ? 0 : 1, backlog, session.heldBytes(),
                last == null ? "NULL" : last.fullName(), session.user().name(), redirect(session),
                session.protocol(),
                session.libraryName(), session.libraryVersion(), session.receivedBytes(), session.sentBytes(),
                session.executedCommands());
    }

    /** To whom its messages about keys go: 0 for itself, -1 if it does not track. */
    public static long redirect(Session session) {
        Tracking tracking = session.tracking();
        return tracking == null ? -1 : tracking.redirect();
    }

    private static String trackingFlags(Session session) {
        Tracking tracking = session.tracking();
        return tracking == null
                ? ""
                : "t" + (session.isRedirectBroken() ? "R" : "") + (tracking.broadcast() ? "B" : "");
    }

    /** A letter for each thing that is unusual about it; N for none. */
    public static String flags(Session session) {
        String flags = (session.follower() != null ? "S" : "") + (session.primaryLink() != null ? "M" : "")
                + (session.isMonitor() ? "O" : "") + (session.isSubscribed() ? "P" : "")
                + (session.isBlocked() ? "b" : "")
                + (session.isInTransaction() ? "x" : "")
                + trackingFlags(session)
                + (session.readsReplica() ? "r" : "")
                + (session.isNoEvict() ? "e" : "")
                + (session.isNoTouch() ? "T" : "")
                + (session.isClosing() ? "c" : "");
        return flags.isEmpty() ? "N" : flags;
    }
}

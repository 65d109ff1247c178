package dev.cistern.engine.dispatch;

import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The sessions that watch every command of the node, and the line that each command becomes for them.
 *
 * <p>Administrators' commands are not shown, nor is anything that the control plane's own user does, nor a secret. The
 * line is made on the loop of whoever ran the command and goes to each watcher as mail for its own loop. Nobody watches
 * most of the time: the node then has no {@link Condition#MONITORED}, and commands pay nothing. Any thread.
 */
public final class Monitors {
    private static final long MICROS_PER_SECOND = 1_000_000;
    private static final byte[] HEXADECIMAL = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private final Node node;
    private final List<Session> watchers = new CopyOnWriteArrayList<>();

    Monitors(Node node) {
        this.node = node;
    }

    /** From here on the session is told of every command. */
    public synchronized void add(Session session) {
        watchers.add(session);
        node.set(Condition.MONITORED, true);
    }

    synchronized void remove(Session session) {
        watchers.remove(session);
        node.set(Condition.MONITORED, !watchers.isEmpty());
    }

    public int count() {
        return watchers.size();
    }

    /** Tells of a command that ran, if it is one to be told. */
    void tell(Session session, Command command, Request request, boolean byScript) {
        boolean isTold = (command.flags() & (Flag.ADMIN.bit() | Flag.SKIP_MONITOR.bit())) == 0;
        if (isTold) {
            tellAlways(session, command, request, byScript);
        }
    }

    /** Tells of a script that is about to run: its own commands come after it. */
    void tellAlways(Session session, Command command, Request request, boolean byScript) {
        if (session.user().isInternal()) {
            return;
        }
        byte[] line = line(session, command, request, byScript);
        for (Session watcher : watchers) {
            watcher.loop().post(loop -> loop.sendRaw(watcher, line));
        }
    }

    private byte[] line(Session session, Command command, Request request, boolean byScript) {
        long micros = node.clock().wallMicros();
        StringBuilder line = new StringBuilder("+").append(micros / MICROS_PER_SECOND).append('.')
                .append(String.format("%06d", micros % MICROS_PER_SECOND)).append(" [").append(session.database())
                .append(' ').append(byScript ? "lua" : session.remoteAddress()).append(']');
        for (int i = 0; i < request.count(); i++) {
            line.append(" \"");
            if (Secrets.isSecret(command, request, i)) {
                line.append(Secrets.INSTEAD);
            } else {
                quote(request.argument(i), line);
            }
            line.append('"');
        }
        return line.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** As C writes strings: what is not printable ASCII becomes an escape. */
    private static void quote(Bytes argument, StringBuilder line) {
        for (int i = 0; i < argument.length(); i++) {
            int letter = argument.byteAt(i) & 0xff;
            switch (letter) {
                case '\\', '"' -> line.append('\\').append((char) letter);
                case '\n' -> line.append("\\n");
                case '\r' -> line.append("\\r");
                case '\t' -> line.append("\\t");
                case 0x07 -> line.append("\\a");
                case '\b' -> line.append("\\b");
                default -> {
                    if (letter >= ' ' && letter <= '~') {
                        line.append((char) letter);
                    } else {
                        line.append("\\x").append((char) HEXADECIMAL[letter >> 4])
                                .append((char) HEXADECIMAL[letter & 0xf]);
                    }
                }
            }
        }
    }
}

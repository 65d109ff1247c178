package dev.cistern.engine.acl;

import dev.cistern.engine.dispatch.ClientLine;
import dev.cistern.engine.dispatch.Session;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who was refused what, newest first. The same refusal within a minute is one entry. Any thread; refusals are rare. */
public final class AclLog {
    private static final long MERGE_MILLIS = 60_000;
    /** How far back an equal entry is looked for. */
    private static final int MERGE_ENTRIES = 10;

    private final Deque<Entry> entries = new ArrayDeque<>();
    private long nextId;

    /** In which surroundings a command was refused. */
    public enum Context {
        TOPLEVEL("toplevel"), MULTI("multi"), SCRIPT("lua");

        private final String text;

        Context(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /** One kind of refusal. Object and user stand for bytes, one a character. */
    public record Entry(long id, long count, Denial reason, Context context, String object, String user, String client,
            long createdMillis, long updatedMillis) {

        private boolean isSameAs(Entry other) {
            return reason == other.reason && context == other.context
                    && Math.abs(updatedMillis - other.updatedMillis) <= MERGE_MILLIS
                    && object.equals(other.object) && user.equals(other.user);
        }

        private Entry withMore(Entry newer) {
            return new Entry(id, count + 1, reason, context, object, user, newer.client, createdMillis,
                    newer.updatedMillis);
        }
    }

    /** Notes a refusal; the session is the one that asked. Object and user stand for bytes, one a character. */
    public void add(Session session, Denial reason, Context context, String object, String user) {
        long most = session.node().settings().aclLogMaxLen.value();
        long now = session.node().clock().wallMillis();
        add(new Entry(0, 1, reason, context, object, user, ClientLine.of(session, now), now, now), most);
    }

    private synchronized void add(Entry entry, long most) {
        if (most > 0) {
            Entry known = takeSame(entry);
            entries.addFirst(known == null
                    ? new Entry(nextId++, 1, entry.reason, entry.context, entry.object, entry.user, entry.client,
                            entry.createdMillis, entry.updatedMillis)
                    : known.withMore(entry));
        }
        while (entries.size() > most) {
            entries.removeLast();
        }
    }

    private @Nullable Entry takeSame(Entry entry) {
        Iterator<Entry> newest = entries.iterator();
        for (int i = 0; i < MERGE_ENTRIES && newest.hasNext(); i++) {
            Entry known = newest.next();
            if (known.isSameAs(entry)) {
                newest.remove();
                return known;
            }
        }
        return null;
    }

    /** The newest entries, at most so many. */
    public synchronized List<Entry> newest(long most) {
        return new ArrayList<>(entries).subList(0, Math.clamp(most, 0, entries.size()));
    }

    public synchronized void reset() {
        entries.clear();
    }
}

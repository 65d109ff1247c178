package dev.cistern.engine.pubsub;

import dev.cistern.engine.acl.UserRules;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.Reply;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What one session listens to, and the replies when that changes. Its loop's thread only, but for the counts. */
public final class Subscriptions {
    private final Session session;
    private final Map<Kind, Set<ChannelName>> names = new EnumMap<>(Kind.class);

    public Subscriptions(Session session) {
        this.session = session;
        for (Kind kind : Kind.values()) {
            names.put(kind, new LinkedHashSet<>());
        }
    }

    private Set<ChannelName> of(Kind kind) {
        return names.getOrDefault(kind, Set.of());
    }

    public int count(Kind kind) {
        return of(kind).size();
    }

    public boolean isEmpty() {
        return count(Kind.CHANNEL) + count(Kind.PATTERN) + count(Kind.SHARD) == 0;
    }

    /** Listens from here on, and says so. */
    public void subscribe(Kind kind, byte[] bytes, Reply reply) {
        ChannelName name = ChannelName.of(bytes);
        if (of(kind).add(name)) {
            session.loop().subscriptions().add(kind, name, session);
        }
        tell(kind, kind.subscribed(), bytes, reply);
    }

    /** Stops listening, and says so whether it did listen or not. */
    public void unsubscribe(Kind kind, byte[] bytes, Reply reply) {
        remove(kind, ChannelName.of(bytes));
        tell(kind, kind.unsubscribed(), bytes, reply);
    }

    /** Stops listening to all of a kind, with a reply for each, and one if there is none. */
    public void unsubscribeAll(Kind kind, Reply reply) {
        List<ChannelName> all = List.copyOf(of(kind));
        for (ChannelName name : all) {
            unsubscribe(kind, name.bytes(), reply);
        }
        if (all.isEmpty()) {
            tell(kind, kind.unsubscribed(), null, reply);
        }
    }

    private void remove(Kind kind, ChannelName name) {
        if (of(kind).remove(name)) {
            session.loop().subscriptions().remove(kind, name, session);
        }
    }

    private void tell(Kind kind, String what, byte @Nullable [] name, Reply reply) {
        reply.push(3);
        reply.bulk(what);
        if (name == null) {
            reply.nullBulk();
        } else {
            reply.bulk(name);
        }
        reply.integer(kind == Kind.SHARD ? count(kind) : (long) count(Kind.CHANNEL) + count(Kind.PATTERN));
    }

    /** Whether one with these rules may listen to all that this session listens to. */
    public boolean areAllowedBy(UserRules rules) {
        for (Kind kind : Kind.values()) {
            for (ChannelName name : of(kind)) {
                if (!rules.allowsChannel(name.bytes(), kind == Kind.PATTERN)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Stops listening to anything, without a word. */
    public void clear() {
        for (Kind kind : Kind.values()) {
            List.copyOf(of(kind)).forEach(name -> remove(kind, name));
        }
    }
}

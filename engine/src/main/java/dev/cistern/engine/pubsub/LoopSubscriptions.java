package dev.cistern.engine.pubsub;

import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.dispatch.Session;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Which sessions of one loop listen to what. That loop's thread only. */
public final class LoopSubscriptions {
    private final NodeLoop loop;
    private final Channels channels;
    private final Map<Kind, Map<ChannelName, Set<Session>>> listeners = new EnumMap<>(Kind.class);

    public LoopSubscriptions(NodeLoop loop, Channels channels) {
        this.loop = loop;
        this.channels = channels;
        for (Kind kind : Kind.values()) {
            listeners.put(kind, new HashMap<>());
        }
    }

    private Map<ChannelName, Set<Session>> of(Kind kind) {
        return listeners.getOrDefault(kind, Map.of());
    }

    /** Messages that were published before are none of those that the session asks for: they are delivered first. */
    void add(Kind kind, ChannelName name, Session session) {
        if (!loop.unit().isRunning()) {
            loop.deliverMail();
        }
        of(kind).computeIfAbsent(name, _ -> new LinkedHashSet<>()).add(session);
        channels.count(kind, name, loop.number(), 1);
    }

    void remove(Kind kind, ChannelName name, Session session) {
        Set<Session> sessions = of(kind).get(name);
        if (sessions == null || !sessions.remove(session)) {
            return;
        }
        if (sessions.isEmpty()) {
            of(kind).remove(name);
        }
        channels.count(kind, name, loop.number(), -1);
    }

    /** Sessions stop listening to these shard channels, which belong to another node now, and are told so. */
    public void leaveShardChannels(Predicate<byte[]> isElsewhere) {
        for (ChannelName name : List.copyOf(of(Kind.SHARD).keySet())) {
            if (isElsewhere.test(name.bytes())) {
                List.copyOf(of(Kind.SHARD).getOrDefault(name, Set.of())).forEach(session -> leave(session, name));
            }
        }
    }

    private void leave(Session session, ChannelName name) {
        loop.sendRaw(session, loop.handOver().encode(session.protocol(),
                reply -> session.subscriptions().unsubscribe(Kind.SHARD, name.bytes(), reply)));
        session.subscriptionsChanged();
    }

    /** Pushes an encoded message to all who listen. */
    void push(Kind kind, ChannelName name, byte[] encoded) {
        Set<Session> sessions = of(kind).get(name);
        if (sessions != null) {
            for (Session session : sessions) {
                loop.push(session, encoded);
            }
        }
    }
}

package dev.cistern.engine.pubsub;

import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.protocol.Glob;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * All channels and patterns of a node that somebody listens to, and the way of a message to the loops.
 *
 * <p>Any thread, stripes in hand or not: takes only monitors of its own, which are leaves in the lock order.
 */
public final class Channels {
    private static final int ORDERS = 64;

    private final List<NodeLoop> loops;
    private final Map<Kind, ConcurrentHashMap<ChannelName, Audience>> audiences = new EnumMap<>(Kind.class);
    /** In the order in which they came, which is the order in which a message is matched against them. */
    private final List<Audience> patterns = new CopyOnWriteArrayList<>();
    /** Messages of one channel are posted under one of these, so that all loops get them in one order. */
    private final Object[] orders = new Object[ORDERS];

    public Channels(List<NodeLoop> loops) {
        this.loops = loops;
        for (Kind kind : Kind.values()) {
            audiences.put(kind, new ConcurrentHashMap<>());
        }
        for (int i = 0; i < ORDERS; i++) {
            orders[i] = new Object();
        }
    }

    private ConcurrentHashMap<ChannelName, Audience> of(Kind kind) {
        return Objects.requireNonNull(audiences.get(kind));
    }

    void count(Kind kind, ChannelName name, int loop, int difference) {
        of(kind).compute(name, (_, present) -> {
            Audience audience = present == null ? newAudience(kind, name) : present;
            audience.count(loop, difference);
            if (audience.total() > 0) {
                return audience;
            }
            patterns.remove(audience);
            return null;
        });
    }

    private Audience newAudience(Kind kind, ChannelName name) {
        Audience audience = new Audience(name, loops.size());
        if (kind == Kind.PATTERN) {
            patterns.add(audience);
        }
        return audience;
    }

    /** Whether nobody listens to anything but shard channels: then there is no use in encoding a message. */
    boolean isSilent() {
        return of(Kind.CHANNEL).isEmpty() && patterns.isEmpty();
    }

    /** Sends a message to all who listen, and answers how many that is. */
    public int publish(Kind kind, byte[] channelBytes, byte[] message) {
        if (kind == Kind.SHARD ? of(kind).isEmpty() : isSilent()) {
            return 0;
        }
        ChannelName channel = ChannelName.of(channelBytes);
        synchronized (orders[channel.hashCode() & (ORDERS - 1)]) {
            Audience direct = of(kind).get(channel);
            List<Audience> matching = kind == Kind.SHARD ? List.of() : matching(channel);
            int receivers = direct == null ? 0 : direct.total();
            for (Audience pattern : matching) {
                receivers += pattern.total();
            }
            if (receivers > 0) {
                post(Publication.of(kind, channel, message, direct != null,
                        matching.stream().map(Audience::name).toList()), direct, matching);
            }
            return receivers;
        }
    }

    private void post(Publication publication, @Nullable Audience direct, List<Audience> matching) {
        for (NodeLoop loop : loops) {
            int number = loop.number();
            if ((direct != null && direct.on(number) > 0)
                    || matching.stream().anyMatch(pattern -> pattern.on(number) > 0)) {
                loop.post(publication);
            }
        }
    }

    private List<Audience> matching(ChannelName channel) {
        if (patterns.isEmpty()) {
            return List.of();
        }
        List<Audience> matching = new ArrayList<>();
        for (Audience pattern : patterns) {
            if (matches(pattern.name().bytes(), channel.bytes())) {
                matching.add(pattern);
            }
        }
        return matching;
    }

    /** The pattern is copied for the moment: its owner may be gone before we are done. */
    private static boolean matches(byte[] pattern, byte[] text) {
        if (pattern.length == 1 && pattern[0] == '*') {
            return true;
        }
        long bytes = Math.max(1, (long) pattern.length + text.length);
        long copy = Memory.allocate(MemoryTag.SESSION, bytes);
        try {
            Memory.copy(pattern, 0, copy, pattern.length);
            Memory.copy(text, 0, copy + pattern.length, text.length);
            return Glob.matches(copy, pattern.length, copy + pattern.length, text.length);
        } finally {
            Memory.free(MemoryTag.SESSION, copy, bytes);
        }
    }

    // --- what PUBSUB and INFO tell ---

    /** Names that somebody listens to, those only that match the pattern if one is given. */
    public List<byte[]> names(Kind kind, byte @Nullable [] pattern) {
        List<byte[]> names = new ArrayList<>();
        for (ChannelName name : of(kind).keySet()) {
            if (pattern == null || matches(pattern, name.bytes())) {
                names.add(name.bytes());
            }
        }
        return names;
    }

    public int listeners(Kind kind, byte[] name) {
        Audience audience = of(kind).get(ChannelName.of(name));
        return audience == null ? 0 : audience.total();
    }

    /** How many different names somebody listens to. */
    public int count(Kind kind) {
        return of(kind).size();
    }
}

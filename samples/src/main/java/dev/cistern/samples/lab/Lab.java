package dev.cistern.samples.lab;

import dev.cistern.samples.hybrid.DemoNode;
import dev.cistern.samples.web.WebServer;
import dev.cistern.toolkit.CacheKit;
import dev.cistern.toolkit.CacheListener;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The experiments and their calls. Each has its own keys, all of which begin with {@link #PREFIX}. */
public final class Lab implements AutoCloseable {

    static final String PREFIX = "lab:";

    private static final int RING_NODES = 14;
    private static final int RING_KEYS = 20_000;
    private static final int HERD = 200;
    private static final int HERD_LOAD_MILLIS = 150;
    private static final int EXPIRY_KEYS = 2_000;

    private final CacheKit kit;
    private final StatefulRedisConnection<String, String> transactions;
    private final HerdExperiment herd;
    private final ExpiryExperiment expiry;
    private final WriteExperiment write;
    private final DollExperiment doll;
    private final LeaderboardExperiment leaderboard;
    private final LikesExperiment likes;
    private final ChatExperiment chat;
    private final QueueExperiment queue;
    private final SessionExperiment session;

    public Lab(DemoNode node) {
        kit = node.kit(PREFIX, CacheListener.NONE);
        herd = new HerdExperiment(kit);
        expiry = new ExpiryExperiment(kit, node);
        write = new WriteExperiment(kit);
        doll = new DollExperiment(kit);
        leaderboard = new LeaderboardExperiment(node.commands());
        // Its transactions must not mix with what others send.
        transactions = node.connect(RedisClient::connect);
        likes = new LikesExperiment(transactions.sync());
        chat = new ChatExperiment(node);
        queue = new QueueExperiment(node.commands());
        session = new SessionExperiment(node.commands());
    }

    record Nothing() {}

    record Touch(@Nullable String doll) {}

    record Score(@Nullable String player, double points) {}

    record Rating(@Nullable String item, @Nullable String person, int rating) {}

    /** Puts the experiments' calls on the server. */
    public void serve(WebServer server) {
        server.call("lab/ring", Nothing.class, _ -> RingExperiment.run(RING_NODES, RING_KEYS))
                .call("lab/herd", Nothing.class, _ -> herd.run(HERD, HERD_LOAD_MILLIS))
                .call("lab/expiry", Nothing.class, _ -> expiry.run(EXPIRY_KEYS))
                .call("lab/write", Nothing.class, _ -> write.run(System.nanoTime()))
                .call("lab/doll", Touch.class, touch -> doll.run(text(touch.doll())))
                .call("lab/leaderboard", Nothing.class, _ -> leaderboard.reset())
                .call("lab/score", Score.class, score -> leaderboard.score(text(score.player()), score.points()))
                .call("lab/likes", Nothing.class, _ -> likes.reset())
                .call("lab/rate", Rating.class, said -> likes.rate(text(said.item()), text(said.person()), said
                        .rating()))
                .call("lab/say", ChatExperiment.Say.class, chat::say)
                .call("lab/forget", Nothing.class, _ -> chat.forget())
                .stream("lab/listen", chat::listen)
                .call("lab/queue", Nothing.class, _ -> queue.run())
                .call("lab/session", Nothing.class, _ -> session.run());
    }

    private static String text(@Nullable String given) {
        return Objects.requireNonNullElse(given, "");
    }

    @Override
    public void close() {
        transactions.close();
        kit.close();
    }
}

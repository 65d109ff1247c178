package dev.cistern.samples.lab;

import dev.cistern.samples.hybrid.DemoNode;
import dev.cistern.samples.web.WebServer;
import io.lettuce.core.RedisClient;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A chat room as a channel: who is there hears it, who comes later does not. With history, what is said is kept in a
 * list as well, and a newcomer is told the last of it.
 */
final class ChatExperiment {

    private static final String ROOM = Lab.PREFIX + "chat:114";
    private static final String HISTORY = ROOM + ":history";
    private static final int KEPT = 20;
    /** A listener that reads too slowly loses messages, as the channel's own would in the end. */
    private static final int MOST_WAITING = 200;
    /** How often a silent stream looks whether anybody is still there. */
    private static final int PULSE_SECONDS = 5;

    private final DemoNode node;

    ChatExperiment(DemoNode node) {
        this.node = node;
    }

    /** What somebody says, and whether it shall be kept. */
    record Say(@Nullable String who, @Nullable String words, boolean keep) {}

    /** How many were there to hear it. */
    record Heard(long listeners) {}

    /** What a listener is told; no text is the pulse. */
    record Message(String text) {}

    Heard say(Say said) {
        String text = shortened(said.who(), 20) + ": " + shortened(said.words(), 200);
        if (said.keep()) {
            node.commands().lpush(HISTORY, text);
            node.commands().ltrim(HISTORY, 0, KEPT - 1);
        }
        return new Heard(node.commands().publish(ROOM, text));
    }

    private static String shortened(@Nullable String text, int most) {
        String given = text == null || text.isBlank() ? "somebody" : text.strip();
        return given.substring(0, Math.min(most, given.length()));
    }

    /** Forgets what was kept. */
    Heard forget() {
        node.commands().del(HISTORY);
        return new Heard(0);
    }

    /** Tells a newcomer the history, then whatever is said. */
    void listen(WebServer.Listener page) throws IOException, InterruptedException {
        BlockingQueue<String> heard = new ArrayBlockingQueue<>(MOST_WAITING);
        try (StatefulRedisPubSubConnection<String, String> connection = node.connect(RedisClient::connectPubSub)) {
            connection.addListener(new RedisPubSubAdapter<>() {
                @Override
                public void message(String channel, String message) {
                    var _ = heard.offer(message);
                }
            });
            connection.sync().subscribe(ROOM);
            for (String old : history()) {
                page.tell(new Message(old));
            }
            page.tell(new Message(""));
            while (!Thread.currentThread().isInterrupted()) {
                String text = heard.poll(PULSE_SECONDS, TimeUnit.SECONDS);
                page.tell(new Message(text == null ? "" : text));
            }
        }
    }

    private List<String> history() {
        return node.commands().lrange(HISTORY, 0, KEPT - 1).reversed();
    }
}

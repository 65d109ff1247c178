package dev.cistern.engine.pubsub;

import dev.cistern.engine.effects.Effects;
import dev.cistern.engine.settings.NotificationSetting;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.StoreListener;
import java.nio.charset.StandardCharsets;

/**
 * Keyspace notifications: publishes what happens to keys, as far as {@code notify-keyspace-events} selects it.
 *
 * <p>Hears of effects only while the setting selects something. Called under stripes by any loop.
 */
public final class Notifications implements StoreListener {
    private final Effects effects;
    private final Channels channels;
    private volatile NotificationSetting.Selection selection = NotificationSetting.Selection.NONE;

    public Notifications(Effects effects, Channels channels) {
        this.effects = effects;
        this.channels = channels;
    }

    /** Publishes from here on what is selected. */
    public synchronized void select(NotificationSetting.Selection selected) {
        boolean before = selection.isSome();
        selection = selected;
        if (selected.isSome() && !before) {
            effects.add(this);
        } else if (!selected.isSome() && before) {
            effects.remove(this);
        }
    }

    @Override
    public void keyChanged(int database, Bytes key, KeyEvent event) {
        publish(database, key, event.eventName(), event.eventClass());
    }

    @Override
    public void keyMissed(int database, Bytes key) {
        publish(database, key, "keymiss", 'm');
    }

    private void publish(int database, Bytes key, String event, char eventClass) {
        NotificationSetting.Selection selected = selection;
        if (!selected.has(eventClass) || channels.isSilent()) {
            return;
        }
        byte[] keyBytes = key.toByteArray();
        byte[] eventBytes = event.getBytes(StandardCharsets.US_ASCII);
        if (selected.has('K')) {
            channels.publish(Kind.CHANNEL, channel("__keyspace@" + database + "__:", keyBytes), eventBytes);
        }
        if (selected.has('E')) {
            channels.publish(Kind.CHANNEL, channel("__keyevent@" + database + "__:", eventBytes), keyBytes);
        }
    }

    private static byte[] channel(String prefix, byte[] rest) {
        byte[] channel = new byte[prefix.length() + rest.length];
        System.arraycopy(prefix.getBytes(StandardCharsets.US_ASCII), 0, channel, 0, prefix.length());
        System.arraycopy(rest, 0, channel, prefix.length(), rest.length);
        return channel;
    }
}

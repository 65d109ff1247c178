package dev.cistern.engine.replication;

import dev.cistern.engine.settings.Settings;
import dev.cistern.engine.settings.SwitchSetting;

/**
 * Which word tells followers that a key has gone which nobody asked to delete. Any thread.
 *
 * <p>It is all that is left here of the original's settings for freeing lazily, since memory is always freed in slices;
 * a follower that is an original frees as it is told.
 */
public final class DeletionWords {
    private final Settings settings;

    public DeletionWords(Settings settings) {
        this.settings = settings;
    }

    private static String of(SwitchSetting lazy) {
        return lazy.isOn() ? "UNLINK" : "DEL";
    }

    /** Its time was over. */
    String expired() {
        return of(settings.lazyExpire);
    }

    /** It had to make room. */
    String evicted() {
        return of(settings.lazyEviction);
    }

    /** A command took the last that was in it, or put nothing in its place. */
    String byServer() {
        return of(settings.lazyServerDel);
    }
}

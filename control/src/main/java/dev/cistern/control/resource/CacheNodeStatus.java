package dev.cistern.control.resource;

import java.util.Locale;

/** Where a cache node stands. The constants' names are persisted: they never change. */
public enum CacheNodeStatus {

    /** Not seen answering yet. */
    CREATING,

    /** It answered when it was last looked at. */
    AVAILABLE,

    /** It went away and is being started again. */
    REBOOTING,

    /** It is being stopped and forgotten. */
    DELETING,

    /** It is being stopped and started because somebody asked for it; the keeper leaves it alone. */
    RESTARTING,

    /** A primary that is lost, or about to be ended, and whose place a replica takes; the keeper leaves it alone. */
    LOST;

    /** AWS's word. */
    public String wireName() {
        return this == RESTARTING || this == LOST ? REBOOTING.wireName() : name().toLowerCase(Locale.ROOT);
    }
}

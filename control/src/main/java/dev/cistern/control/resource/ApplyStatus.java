package dev.cistern.control.resource;

import java.util.Locale;

/** How far a parameter group's values have come to the nodes. */
public enum ApplyStatus {

    /** The nodes have them. */
    IN_SYNC,

    /** The nodes have them when they are rebooted, or when the maintenance window comes. */
    PENDING_REBOOT,

    /** The nodes are being told. */
    APPLYING;

    /** AWS's word. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}

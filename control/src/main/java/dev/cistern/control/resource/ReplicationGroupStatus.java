package dev.cistern.control.resource;

import java.util.Locale;

/** Where a replication group stands. The constants' names are persisted: they never change. */
public enum ReplicationGroupStatus {

    /** Its members are being started; no endpoint is shown. */
    CREATING,

    /** All members answer and it can be changed. */
    AVAILABLE,

    /** A change is under way; the endpoints answer. */
    MODIFYING,

    /** Its members are being stopped and forgotten; a group that is gone is not found. */
    DELETING,

    /** A member could not be started, after all attempts; it can only be deleted. */
    CREATE_FAILED,

    /** A snapshot of it is being taken; the endpoints answer. */
    SNAPSHOTTING,

    /** Its primary follows a server that is not ours; the endpoints answer, and nobody can write. */
    MIGRATING;

    /** AWS's word. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}

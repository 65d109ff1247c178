package dev.cistern.control.resource;

/** Where a cache cluster stands. The constants' names are persisted: they never change. */
public enum CacheClusterStatus {

    /** Its nodes are being started; no endpoint is shown. */
    CREATING("creating"),

    /** Its nodes answer and it can be changed. */
    AVAILABLE("available"),

    /** A change is under way; the nodes answer. */
    MODIFYING("modifying"),

    /** Its nodes are being stopped and forgotten; a cluster that is gone is not found. */
    DELETING("deleting"),

    /** Its node could not be reached where it should be, after all attempts; it can only be deleted. */
    INCOMPATIBLE_NETWORK("incompatible-network"),

    /** Nodes are being stopped and started because somebody asked for it. */
    REBOOTING("rebooting cluster nodes"),

    /** A snapshot of it is being taken; the nodes answer. */
    SNAPSHOTTING("snapshotting"),

    /** The snapshot that it was to be made from could not be loaded; it can only be deleted. */
    RESTORE_FAILED("restore-failed");

    private final String wireName;

    CacheClusterStatus(String wireName) {
        this.wireName = wireName;
    }

    /** AWS's word. */
    public String wireName() {
        return wireName;
    }
}

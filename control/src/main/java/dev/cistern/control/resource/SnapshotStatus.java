package dev.cistern.control.resource;

/** Where a snapshot stands. The constants' names are persisted: they never change. */
public enum SnapshotStatus {

    /** Its nodes are saving, or its files are being copied from another snapshot's. */
    CREATING("creating"),

    /** Its files are there, checked. */
    AVAILABLE("available"),

    /** Its files are being copied elsewhere. */
    COPYING("copying"),

    /** Its files are being deleted; one that is gone is not found. */
    DELETING("deleting"),

    /** It could not be made; it can only be deleted. */
    FAILED("failed");

    private final String wireName;

    SnapshotStatus(String wireName) {
        this.wireName = wireName;
    }

    /** AWS's word. */
    public String wireName() {
        return wireName;
    }
}

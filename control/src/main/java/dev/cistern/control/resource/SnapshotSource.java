package dev.cistern.control.resource;

/** Who wanted a snapshot. The constants' names are persisted: they never change. */
public enum SnapshotSource {

    /** The daily window; it goes when its days are over, and with its cluster. */
    AUTOMATED("automated", "system"),

    /** A caller; it stays until one deletes it. */
    MANUAL("manual", "user");

    private final String wireName;
    private final String filterName;

    SnapshotSource(String wireName, String filterName) {
        this.wireName = wireName;
        this.filterName = filterName;
    }

    /** AWS's word in answers. */
    public String wireName() {
        return wireName;
    }

    /** AWS's word in questions. */
    public String filterName() {
        return filterName;
    }
}

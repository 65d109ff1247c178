package dev.cistern.control.resource;

import java.util.Locale;

/** Where a user or a user group stands. The constants' names are persisted: they never change. */
public enum UserStatus {

    /** It is being made. */
    CREATING,

    /** Nodes know it as it is. */
    ACTIVE,

    /** Nodes are being told of a change. */
    MODIFYING,

    /** Nodes are being told to forget it; one that is gone is not found. */
    DELETING;

    /** AWS's word. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}

package dev.cistern.control.resource;

/** How a user proves who it is. The constants' names are persisted: they never change. */
public enum UserAuthentication {

    /** By one of up to two passwords. */
    PASSWORD("password"),

    /** Not at all. */
    NO_PASSWORD("no-password"),

    /** By a token that is signed with an access key, which nodes of ours judge by themselves. */
    IAM("iam");

    private final String wireName;

    UserAuthentication(String wireName) {
        this.wireName = wireName;
    }

    /** AWS's word in answers. */
    public String wireName() {
        return wireName;
    }
}

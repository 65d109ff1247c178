package dev.cistern.control;

/** Whose resources a call is about: ids are unique within one account and region. */
public record Caller(String account, String region) {

    public static final String DEFAULT_ACCOUNT = "000000000000";
    public static final String DEFAULT_REGION = "us-east-1";

    /** The caller when the credentials name nobody in particular. */
    public static final Caller DEFAULT = new Caller(DEFAULT_ACCOUNT, DEFAULT_REGION);
}

package dev.cistern.engine.acl;

/** Channels that a selector lets through. Immutable. */
record ChannelRule(String text, Pattern pattern) {

    ChannelRule(String text) {
        this(text, new Pattern(text));
    }
}

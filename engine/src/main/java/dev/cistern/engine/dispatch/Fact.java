package dev.cistern.engine.dispatch;

/** Something a command's row states: a flag, where its keys stand, an ACL category, a tip for clients. */
public sealed interface Fact permits Flag, KeySpec, Category, Fact.Tip {

    /** Advice for proxies and cluster clients, in the original's spelling. */
    record Tip(String text) implements Fact {}

    static Tip tip(String text) {
        return new Tip(text);
    }
}

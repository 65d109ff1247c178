package dev.cistern.engine.acl;

/** Keys that a selector lets through: a pattern, and whether they may be read, written, or both. Immutable. */
record KeyRule(String text, Pattern pattern, int rights) {
    static final int READ = 1;
    static final int WRITE = 2;
    static final int BOTH = READ | WRITE;

    KeyRule(String text, int rights) {
        this(text, new Pattern(text), rights);
    }

    KeyRule with(int more) {
        return new KeyRule(text, pattern, rights | more);
    }

    /** As ACL LIST spells it. */
    String told() {
        return switch (rights) {
            case READ -> "%R~" + text;
            case WRITE -> "%W~" + text;
            default -> "~" + text;
        };
    }
}

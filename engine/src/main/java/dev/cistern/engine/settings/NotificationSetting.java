package dev.cistern.engine.settings;

/** notify-keyspace-events: which classes of events are published, and on which of the two kinds of channels. */
public final class NotificationSetting extends Setting {
    /** What A stands for, in the order in which the original lists classes. */
    private static final String ALL = "g$lshzxetd";
    private static final String LISTED = ALL + "n";
    private static final String CHANNELS = "KEm";
    private static final String KNOWN = "A" + LISTED + CHANNELS;

    /** Selected letters, A spelled out. Immutable. */
    public static final class Selection {
        public static final Selection NONE = new Selection("");

        private final boolean[] selected = new boolean[Byte.MAX_VALUE + 1];

        private Selection(String letters) {
            for (int i = 0; i < letters.length(); i++) {
                selected[letters.charAt(i)] = true;
            }
        }

        /** Whether the letter of a class, or of a kind of channel, is selected. */
        public boolean has(char letter) {
            return letter < selected.length && selected[letter];
        }

        /** Whether anything can be published at all: some channel for it is selected. */
        public boolean isSome() {
            return has('K') || has('E');
        }

        private boolean hasAll(String wanted) {
            return wanted.chars().allMatch(letter -> has((char) letter));
        }

        private String filtered(String order) {
            StringBuilder text = new StringBuilder();
            order.chars().filter(letter -> has((char) letter)).forEach(letter -> text.append((char) letter));
            return text.toString();
        }

        private String text() {
            return (hasAll(ALL) ? "A" : filtered(LISTED)) + filtered(CHANNELS);
        }
    }

    private volatile Selection selection = Selection.NONE;

    NotificationSetting() {
        super("notify-keyspace-events", true);
    }

    public Selection selection() {
        return selection;
    }

    @Override
    public String text() {
        return selection.text();
    }

    @Override
    public String defaultText() {
        return "";
    }

    @Override
    void set(String text) throws InvalidSettingException {
        if (!text.chars().allMatch(letter -> KNOWN.indexOf(letter) >= 0)) {
            throw new InvalidSettingException(name(), "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
        }
        selection = new Selection(text.indexOf('A') < 0 ? text : text.replace('A', 'g') + ALL);
    }
}

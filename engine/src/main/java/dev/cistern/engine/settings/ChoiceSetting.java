package dev.cistern.engine.settings;

import java.util.List;
import java.util.Locale;

/** One of a few words. */
public final class ChoiceSetting extends Setting {
    private final List<String> choices;
    private volatile String value;

    /** The first choice is the default. */
    ChoiceSetting(String name, boolean mutable, String... choices) {
        super(name, mutable);
        this.choices = List.of(choices);
        this.value = choices[0];
    }

    public String value() {
        return value;
    }

    @Override
    public String text() {
        return value;
    }

    @Override
    public String defaultText() {
        return choices.getFirst();
    }

    @Override
    void set(String text) throws InvalidSettingException {
        String word = text.toLowerCase(Locale.ROOT);
        if (!choices.contains(word)) {
            throw new InvalidSettingException(name(),
                    "argument(s) must be one of the following: " + String.join(", ", choices));
        }
        value = word;
    }
}

package dev.cistern.engine.settings;

/** Any text. */
public final class TextSetting extends Setting {
    private final String defaultValue;
    private volatile String value;

    TextSetting(String name, boolean mutable, String defaultValue) {
        super(name, mutable);
        this.defaultValue = defaultValue;
        this.value = defaultValue;
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
        return defaultValue;
    }

    @Override
    void set(String text) {
        value = text;
    }
}

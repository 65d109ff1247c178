package dev.cistern.engine.settings;

/** Yes or no. */
public final class SwitchSetting extends Setting {
    private final boolean defaultValue;
    private volatile boolean value;

    SwitchSetting(String name, boolean mutable, boolean defaultValue) {
        super(name, mutable);
        this.defaultValue = defaultValue;
        this.value = defaultValue;
    }

    public boolean isOn() {
        return value;
    }

    private static String text(boolean on) {
        return on ? "yes" : "no";
    }

    @Override
    public String text() {
        return text(value);
    }

    @Override
    public String defaultText() {
        return text(defaultValue);
    }

    @Override
    void set(String text) throws InvalidSettingException {
        boolean yes = text.equalsIgnoreCase("yes");
        if (!yes && !text.equalsIgnoreCase("no")) {
            throw new InvalidSettingException(name(), "argument must be 'yes' or 'no'");
        }
        value = yes;
    }
}

package dev.cistern.engine.settings;

/** When a node saves by itself: pairs of seconds and changes, such as {@code 3600 1 300 100}; empty for never. */
public final class SavePointsSetting extends Setting {
    private volatile String value = "";

    SavePointsSetting() {
        super("save", true);
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
        return "";
    }

    @Override
    void set(String text) throws InvalidSettingException {
        String[] words = text.isBlank() ? new String[0] : text.trim().split("\\s+");
        boolean isValid = words.length % 2 == 0;
        for (int i = 0; i < words.length && isValid; i++) {
            isValid = words[i].matches("[0-9]{1,9}") && (i % 2 == 1 || !words[i].matches("0+"));
        }
        if (!isValid) {
            throw new InvalidSettingException(name(), "Invalid save parameters");
        }
        value = String.join(" ", words);
    }
}

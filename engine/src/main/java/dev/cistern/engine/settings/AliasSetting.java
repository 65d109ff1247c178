package dev.cistern.engine.settings;

/** Another name of a setting, which has no value of its own. Any thread. */
final class AliasSetting extends Setting {
    private final Setting meant;

    AliasSetting(String name, Setting meant) {
        super(name, meant.isMutable());
        this.meant = meant;
    }

    @Override
    public String text() {
        return meant.text();
    }

    @Override
    public String defaultText() {
        return meant.defaultText();
    }

    @Override
    void set(String text) throws InvalidSettingException {
        meant.set(text);
    }
}

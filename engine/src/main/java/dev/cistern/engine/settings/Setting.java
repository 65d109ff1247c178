package dev.cistern.engine.settings;

/** One named value of the table. Reading and changing are safe on any thread. */
public abstract class Setting {
    private final String name;
    private final boolean mutable;

    Setting(String name, boolean mutable) {
        this.name = name;
        this.mutable = mutable;
    }

    public String name() {
        return name;
    }

    /** Whether CONFIG SET may change it while the node runs. */
    public boolean isMutable() {
        return mutable;
    }

    /** The value as CONFIG GET shows it. */
    public abstract String text();

    /** What the table begins with, as text. */
    public abstract String defaultText();

    /** Checks the text and takes it over; throws with the original's reason and changes nothing if it is wrong. */
    abstract void set(String text) throws InvalidSettingException;
}

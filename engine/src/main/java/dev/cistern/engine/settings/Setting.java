package dev.cistern.engine.settings;

/** One named value of the table. Reading and changing are safe on any thread. */
public abstract class Setting {
    private final String name;
    private final boolean mutable;
    private boolean acts = true;
    private boolean hidden;

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

    /** Whether anything reads it. One that does not act is kept and shown for clients and tools that ask for it. */
    public boolean acts() {
        return acts;
    }

    final void isOnlyKept() {
        acts = false;
    }

    /** Whether only who knows its name is shown it. */
    public boolean isHidden() {
        return hidden;
    }

    final void hide() {
        hidden = true;
    }

    /** The value as CONFIG GET shows it. */
    public abstract String text();

    /** What the table begins with, as text. */
    public abstract String defaultText();

    /** Checks the text and takes it over; throws with the original's reason and changes nothing if it is wrong. */
    abstract void set(String text) throws InvalidSettingException;
}

package dev.cistern.engine.settings;

/** An integer within bounds; memory sizes may be written with a unit. */
public final class NumberSetting extends Setting {
    private final long defaultValue;
    private final long least;
    private final long most;
    private final boolean memory;
    private boolean clamps;
    private volatile long value;

    NumberSetting(String name, boolean mutable, long defaultValue, long least, long most, boolean memory) {
        super(name, mutable);
        this.defaultValue = defaultValue;
        this.least = least;
        this.most = most;
        this.memory = memory;
        this.value = defaultValue;
    }

    /** Takes the nearest bound for what is out of bounds, instead of refusing it. */
    NumberSetting clamping() {
        clamps = true;
        return this;
    }

    public long value() {
        return value;
    }

    @Override
    public String text() {
        return Long.toString(value);
    }

    @Override
    public String defaultText() {
        return Long.toString(defaultValue);
    }

    @Override
    void set(String text) throws InvalidSettingException {
        long parsed = memory ? memoryBytes(text) : integer(text);
        if (clamps) {
            parsed = Math.clamp(parsed, least, most);
        }
        if (parsed < least || parsed > most) {
            throw new InvalidSettingException(name(),
                    "argument must be between %d and %d inclusive".formatted(least, most));
        }
        value = parsed;
    }

    private long integer(String text) throws InvalidSettingException {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new InvalidSettingException(name(), "argument couldn't be parsed into an integer");
        }
    }

    private long memoryBytes(String text) throws InvalidSettingException {
        try {
            return MemorySize.parse(text);
        } catch (NumberFormatException e) {
            throw new InvalidSettingException(name(), "argument must be a memory value");
        }
    }
}

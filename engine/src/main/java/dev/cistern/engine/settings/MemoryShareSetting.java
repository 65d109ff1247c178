package dev.cistern.engine.settings;

/** A size of memory, in bytes or as a percentage of some whole: {@code 512mb} or {@code 5%}; 0 for no limit. */
public final class MemoryShareSetting extends Setting {
    private static final String PERCENT = "%";
    private static final int MOST_PERCENT = 100;

    /** Bytes, or a percentage below zero. */
    private volatile long value;

    MemoryShareSetting(String name) {
        super(name, true);
    }

    /** As bytes; 0 where no limit is set, or where it is a share of a whole that has no limit. */
    public long bytesOf(long wholeBytes) {
        long present = value;
        return present >= 0 ? present : (long) (-present / 100.0 * wholeBytes);
    }

    @Override
    public String text() {
        long present = value;
        return present >= 0 ? Long.toString(present) : -present + PERCENT;
    }

    @Override
    public String defaultText() {
        return "0";
    }

    @Override
    void set(String text) throws InvalidSettingException {
        try {
            value = text.endsWith(PERCENT) ? -percent(text) : MemorySize.parse(text);
        } catch (NumberFormatException | ArithmeticException e) {
            throw new InvalidSettingException(name(), "argument must be a memory or percent value");
        }
    }

    private long percent(String text) throws InvalidSettingException {
        long percent = Long.parseUnsignedLong(text, 0, text.length() - PERCENT.length(), 10);
        if (Long.compareUnsigned(percent, MOST_PERCENT) > 0) {
            throw new InvalidSettingException(name(), "percentage argument must be less or equal to 100");
        }
        return percent;
    }
}

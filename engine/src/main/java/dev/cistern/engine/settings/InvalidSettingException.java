package dev.cistern.engine.settings;

/** A value that a setting refuses, or a setting that cannot be changed. The message is the original's reason. */
public final class InvalidSettingException extends Exception {
    private final String settingName;

    public InvalidSettingException(String settingName, String reason) {
        super(reason);
        this.settingName = settingName;
    }

    public String settingName() {
        return settingName;
    }

    public String reason() {
        return String.valueOf(getMessage());
    }
}

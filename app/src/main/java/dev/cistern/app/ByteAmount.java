package dev.cistern.app;

import java.util.Locale;
import java.util.Map;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads amounts of memory as redis.conf spells them: a plain number is bytes, {@code k m g} count in thousands and
 * {@code kb mb gb} in 1024s, in any letter case.
 */
final class ByteAmount implements ITypeConverter<Long> {

    private static final Map<String, Long> UNITS = Map.of(
            "", 1L, "b", 1L,
            "k", 1_000L, "kb", 1L << 10,
            "m", 1_000_000L, "mb", 1L << 20,
            "g", 1_000_000_000L, "gb", 1L << 30);

    @Override
    public Long convert(String text) {
        int digits = 0;
        while (digits < text.length() && Character.isDigit(text.charAt(digits))) {
            digits++;
        }
        Long unit = UNITS.get(text.substring(digits).toLowerCase(Locale.ROOT));
        if (digits == 0 || unit == null) {
            throw new TypeConversionException("'" + text + "' is no amount of memory; write it as 512mb or 2gb");
        }
        try {
            return Math.multiplyExact(Long.parseLong(text.substring(0, digits)), unit);
        } catch (ArithmeticException | NumberFormatException tooLarge) {
            throw new TypeConversionException("'" + text + "' is more memory than any machine has");
        }
    }

    /** The amount for a human: 536870912 as "512 MB". */
    static String shown(long bytes) {
        String[] units = {"bytes", "KB", "MB", "GB", "TB"};
        int unit = 0;
        double amount = bytes;
        while (amount >= 1024 && unit < units.length - 1) {
            amount /= 1024;
            unit++;
        }
        return (amount == Math.rint(amount)
                ? String.format(Locale.ROOT, "%.0f", amount)
                : String.format(Locale.ROOT, "%.1f", amount)) + " " + units[unit];
    }
}

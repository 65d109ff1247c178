package dev.cistern.engine.settings;

import java.util.Locale;

/** Sizes of memory as people write them: 100mb, 2g, 512. */
public final class MemorySize {
    private static final long K = 1000;
    private static final long KB = 1024;

    private MemorySize() {}

    /** Bytes. Throws NumberFormatException for anything else than digits and one of b, k, kb, m, mb, g, gb. */
    public static long parse(String text) {
        int digits = 0;
        while (digits < text.length() && Character.isDigit(text.charAt(digits))) {
            digits++;
        }
        long count = Long.parseLong(text.substring(0, digits));
        return Math.multiplyExact(count, unit(text.substring(digits).toLowerCase(Locale.ROOT)));
    }

    private static long unit(String name) {
        return switch (name) {
            case "", "b" -> 1;
            case "k" -> K;
            case "kb" -> KB;
            case "m" -> K * K;
            case "mb" -> KB * KB;
            case "g" -> K * K * K;
            case "gb" -> KB * KB * KB;
            default -> throw new NumberFormatException(name);
        };
    }

    /** As INFO shows it: 1.50M. */
    public static String human(long bytes) {
        if (bytes < KB) {
            return bytes + "B";
        }
        double scaled = bytes;
        for (String unit : new String[]{"", "K", "M", "G", "T"}) {
            if (scaled < KB) {
                return String.format(Locale.ROOT, "%.2f%s", scaled, unit);
            }
            scaled /= KB;
        }
        return String.format(Locale.ROOT, "%.2fP", scaled);
    }
}

package dev.cistern.lua;

import org.jspecify.annotations.Nullable;

/** The library {@code string}, which is also what strings are indexed by. There is no {@code dump}. */
final class StringLibrary {
    private static final String SPECIALS = "^$*+?.([%-";
    private static final String FLAGS = "-+ #0";
    /** A text of at least this length is formatted by {@code %s} as it is, zero bytes and all. */
    private static final int FORMATTED_AS_IS = 100;
    /** Bytes that count as one instruction when copied. */
    private static final int BYTES_PER_COUNT = 64;

    private StringLibrary() {}

    static void open(LuaState state) {
        LuaTable library = Library.open(state, "string", 16);
        Library.add(library, "byte", StringLibrary::bytes);
        Library.add(library, "char", StringLibrary::chars);
        Library.add(library, "find", call -> find(call, true));
        Library.add(library, "format", StringLibrary::format);
        Library.add(library, "gmatch", StringLibrary::gmatch);
        // The name it had in 5.0.
        Library.add(library, "gfind", StringLibrary::gmatch);
        Library.add(library, "gsub", StringLibrary::gsub);
        Library.add(library, "len", call -> call.returns((double) call.checkString(1).length()));
        Library.add(library, "lower", call -> mapped(call, 'A', 'Z'));
        Library.add(library, "match", call -> find(call, false));
        Library.add(library, "rep", StringLibrary::rep);
        Library.add(library, "reverse", StringLibrary::reverse);
        Library.add(library, "sub", StringLibrary::sub);
        Library.add(library, "upper", call -> mapped(call, 'a', 'z'));
        LuaTable metatable = state.newTable(0, 1);
        metatable.set("__index", library);
        state.stringMetatable = metatable;
    }

    private static void returnString(LuaCall call, byte[] bytes) {
        call.returns(call.state().newString(bytes));
    }

    /** Charges a result and its work before it is made. */
    private static void reserve(LuaCall call, long length) {
        call.state().memory.reserve(LuaString.OVERHEAD_BYTES + length);
        call.state().interpreter.spend(length / BYTES_PER_COUNT);
    }

    // ---- parts

    /** A position from the end becomes one from the start; before the start is 0. */
    private static long fromStart(long position, int length) {
        long absolute = position < 0 ? position + length + 1 : position;
        return Math.max(absolute, 0);
    }

    private static void sub(LuaCall call) {
        LuaString string = call.checkString(1);
        int length = string.length();
        long from = Math.max(1, fromStart(call.checkLong(2), length));
        long to = Math.min(length, fromStart(call.arg(3) == null ? -1 : call.checkLong(3), length));
        if (from > to) {
            call.returns(LuaString.EMPTY);
            return;
        }
        reserve(call, to - from + 1);
        call.returns(string.substring((int) from - 1, (int) to));
    }

    private static void bytes(LuaCall call) {
        LuaString string = call.checkString(1);
        int length = string.length();
        long first = fromStart(call.arg(2) == null ? 1 : call.checkLong(2), length);
        long last = fromStart(call.arg(3) == null ? first : call.checkLong(3), length);
        long from = Math.max(1, first);
        long to = Math.min(length, last);
        if (to - from + 1 > 7_990) {
            throw call.error("string slice too long");
        }
        for (long i = from; i <= to; i++) {
            call.push((double) string.at((int) i - 1));
        }
    }

    private static void chars(LuaCall call) {
        byte[] bytes = new byte[call.count()];
        for (int i = 1; i <= bytes.length; i++) {
            int value = call.checkInt(i);
            if (value != (value & 0xff)) {
                throw call.argumentError(i, "invalid value");
            }
            bytes[i - 1] = (byte) value;
        }
        returnString(call, bytes);
    }

    // ---- whole strings

    private static void mapped(LuaCall call, int first, int last) {
        LuaString string = call.checkString(1);
        reserve(call, string.length());
        byte[] bytes = string.bytes.clone();
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] >= first && bytes[i] <= last) {
                bytes[i] ^= 0x20;
            }
        }
        call.returns(LuaString.wrap(bytes));
    }

    private static void reverse(LuaCall call) {
        LuaString string = call.checkString(1);
        reserve(call, string.length());
        byte[] bytes = new byte[string.length()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = string.bytes[bytes.length - 1 - i];
        }
        call.returns(LuaString.wrap(bytes));
    }

    private static void rep(LuaCall call) {
        LuaString string = call.checkString(1);
        long count = Math.max(0, call.checkInt(2));
        long length = count * string.length();
        if (length > LuaState.MAX_STRING_BYTES) {
            throw call.error("resulting string too large");
        }
        reserve(call, length);
        byte[] bytes = new byte[(int) length];
        int filled = Math.min(string.length(), bytes.length);
        System.arraycopy(string.bytes, 0, bytes, 0, filled);
        while (filled < bytes.length) {
            int more = Math.min(filled, bytes.length - filled);
            System.arraycopy(bytes, 0, bytes, filled, more);
            filled += more;
        }
        call.returns(LuaString.wrap(bytes));
    }

    // ---- searching

    private static void find(LuaCall call, boolean positions) {
        LuaString subject = call.checkString(1);
        LuaString pattern = call.checkString(2);
        long init = fromStart(call.arg(3) == null ? 1 : call.checkLong(3), subject.length()) - 1;
        int start = (int) Math.min(Math.max(init, 0), subject.length());
        if (positions && (Lua.isTrue(call.arg(4)) || !hasSpecials(pattern))) {
            findPlain(call, subject, pattern, start);
            return;
        }
        LuaPattern matcher = new LuaPattern(call, subject, pattern);
        int patternStart = matcher.isAnchored() ? 1 : 0;
        do {
            int end = matcher.matchAt(start, patternStart);
            if (end >= 0) {
                if (positions) {
                    call.returns(start + 1.0, (double) end);
                }
                matcher.pushCaptures(start, end, !positions);
                return;
            }
        } while (start++ < subject.length() && patternStart == 0);
        call.returns((Object) null);
    }

    private static boolean hasSpecials(LuaString pattern) {
        for (byte b : pattern.bytes) {
            if (b == 0) {
                return false;
            }
            if (SPECIALS.indexOf(b) >= 0) {
                return true;
            }
        }
        return false;
    }

    private static void findPlain(LuaCall call, LuaString subject, LuaString text, int start) {
        int at = indexOf(subject.bytes, text.bytes, start);
        call.state().interpreter.spend(((at < 0 ? subject.length() : at) - start) / BYTES_PER_COUNT);
        if (at < 0) {
            call.returns((Object) null);
        } else {
            call.returns(at + 1.0, (double) at + text.length());
        }
    }

    private static int indexOf(byte[] subject, byte[] text, int start) {
        int last = subject.length - text.length;
        for (int i = start; i <= last; i++) {
            if (java.util.Arrays.equals(subject, i, i + text.length, text, 0, text.length)) {
                return i;
            }
        }
        return -1;
    }

    private static void gmatch(LuaCall call) {
        LuaString subject = call.checkString(1);
        LuaString pattern = call.checkString(2);
        int[] next = {0};
        call.returns(new HostFunction("gmatch_aux", inner -> gmatchStep(inner, subject, pattern, next), subject));
    }

    private static void gmatchStep(LuaCall call, LuaString subject, LuaString pattern, int[] next) {
        LuaPattern matcher = new LuaPattern(call, subject, pattern);
        for (int start = next[0]; start <= subject.length(); start++) {
            int end = matcher.matchAt(start, 0);
            if (end >= 0) {
                next[0] = end == start ? end + 1 : end;
                matcher.pushCaptures(start, end, true);
                return;
            }
        }
        next[0] = subject.length() + 1;
    }

    private static void gsub(LuaCall call) {
        LuaString subject = call.checkString(1);
        LuaString pattern = call.checkString(2);
        Object replacement = call.arg(3);
        if (replacement instanceof Double) {
            replacement = call.checkString(3);
        }
        if (!(replacement instanceof LuaString || replacement instanceof LuaTable
                || replacement instanceof LuaFunction)) {
            throw call.argumentError(3, "string/function/table expected");
        }
        int most = call.arg(4) == null ? subject.length() + 1 : call.checkInt(4);
        LuaPattern matcher = new LuaPattern(call, subject, pattern);
        int patternStart = matcher.isAnchored() ? 1 : 0;
        ByteBuilder out = new ByteBuilder(call.state());
        int at = 0;
        int count = 0;
        while (count < most) {
            int end = matcher.matchAt(at, patternStart);
            if (end >= 0) {
                count++;
                replace(call, matcher, replacement, subject, at, end, out);
            }
            if (end > at) {
                at = end;
            } else if (at < subject.length()) {
                out.add(subject.at(at++));
            } else {
                break;
            }
            if (patternStart == 1) {
                break;
            }
        }
        out.add(subject.bytes, at, subject.length() - at);
        call.returns(out.finish(), (double) count);
    }

    private static void replace(LuaCall call, LuaPattern matcher, Object replacement, LuaString subject, int start,
            int end, ByteBuilder out) {
        if (replacement instanceof LuaString template) {
            expand(matcher, template, subject, start, end, out);
            return;
        }
        Object value = replacement instanceof LuaTable table
                ? call.state().interpreter.metamethods.index(table, matcher.capture(0, start, end))
                : callWithCaptures(call, matcher, replacement, start, end);
        if (!Lua.isTrue(value)) {
            out.add(subject.bytes, start, end - start);
            return;
        }
        LuaString text = Lua.toStringOrNull(value);
        if (text == null) {
            throw call.error("invalid replacement value (a " + Lua.typeName(value) + ")");
        }
        out.add(text.bytes);
    }

    private static @Nullable Object callWithCaptures(LuaCall call, LuaPattern matcher, Object function, int start,
            int end) {
        @Nullable
        Object[] captures = new Object[Math.max(1, matcher.captureCount())];
        for (int i = 0; i < captures.length; i++) {
            captures[i] = matcher.capture(i, start, end);
        }
        return call.state().interpreter.call(function, captures);
    }

    private static void expand(LuaPattern matcher, LuaString template, LuaString subject, int start, int end,
            ByteBuilder out) {
        byte[] bytes = template.bytes;
        int i = 0;
        while (i < bytes.length) {
            int plain = bytes[i++];
            if (plain != '%') {
                out.add(plain);
                continue;
            }
            int c = i < bytes.length ? bytes[i++] & 0xff : 0;
            if (!Numbers.isDigit(c)) {
                out.add(c);
            } else if (c == '0') {
                out.add(subject.bytes, start, end - start);
            } else {
                LuaString text = Lua.toStringOrNull(matcher.capture(c - '1', start, end));
                out.add(java.util.Objects.requireNonNull(text).bytes);
            }
        }
    }

    // ---- format

    /** A conversion as C's printf knows it, without its letter. A precision of -1 means none was given. */
    private record Spec(boolean left, boolean plus, boolean space, boolean alternate, boolean zero, int width,
            int precision, int end) {

        static Spec parse(LuaCall call, byte[] format, int start) {
            int at = start;
            while (at < format.length && FLAGS.indexOf(format[at]) >= 0) {
                at++;
            }
            if (at - start > FLAGS.length()) {
                throw call.error("invalid format (repeated flags)");
            }
            String flags = new String(format, start, at - start, java.nio.charset.StandardCharsets.ISO_8859_1);
            int widthEnd = digits(format, at);
            int width = number(format, at, widthEnd);
            at = widthEnd;
            int precision = -1;
            if (at < format.length && format[at] == '.') {
                int precisionEnd = digits(format, at + 1);
                precision = number(format, at + 1, precisionEnd);
                at = precisionEnd;
            }
            if (at < format.length && Numbers.isDigit(format[at])) {
                throw call.error("invalid format (width or precision too long)");
            }
            return new Spec(flags.contains("-"), flags.contains("+"), flags.contains(" "), flags.contains("#"),
                    flags.contains("0"), width, precision, at);
        }

        private static int digits(byte[] format, int start) {
            int at = start;
            while (at < format.length && at < start + 2 && Numbers.isDigit(format[at])) {
                at++;
            }
            return at;
        }

        private static int number(byte[] format, int from, int to) {
            int value = 0;
            for (int i = from; i < to; i++) {
                value = value * 10 + format[i] - '0';
            }
            return value;
        }

        /** Adds text of which {@code prefix} bytes (sign, 0x) stay in front of padding zeros. */
        void pad(ByteBuilder out, String text, int prefix, boolean zeros) {
            int padding = width - text.length();
            if (!left && !zeros) {
                out.repeat(' ', padding);
            }
            out.add(text.substring(0, prefix));
            if (!left && zeros) {
                out.repeat('0', padding);
            }
            out.add(text.substring(prefix));
            if (left) {
                out.repeat(' ', padding);
            }
        }
    }

    private static void format(LuaCall call) {
        byte[] format = call.checkString(1).bytes;
        ByteBuilder out = new ByteBuilder(call.state());
        int argument = 1;
        for (int i = 0; i < format.length; i++) {
            if (format[i] != '%') {
                out.add(format[i]);
            } else if (i + 1 < format.length && format[i + 1] == '%') {
                out.add('%');
                i++;
            } else {
                if (++argument > call.count()) {
                    throw call.argumentError(argument, "no value");
                }
                Spec spec = Spec.parse(call, format, i + 1);
                int letter = spec.end < format.length ? format[spec.end] & 0xff : 0;
                i = spec.end;
                convert(call, out, spec, letter, argument);
            }
        }
        call.returns(out.finish());
    }

    private static void convert(LuaCall call, ByteBuilder out, Spec spec, int letter, int argument) {
        switch (letter) {
            case 'c' -> character(out, spec, (int) call.checkNumber(argument));
            case 'd', 'i' -> integer(out, spec, call.checkLong(argument));
            case 'u' -> unsigned(out, spec, Long.toUnsignedString(toUnsigned(call, argument)), "");
            case 'o' -> octal(out, spec, toUnsigned(call, argument));
            case 'x', 'X' -> hex(out, spec, toUnsigned(call, argument), letter == 'X');
            case 'e', 'E', 'f', 'g', 'G' -> floating(out, spec, call.checkNumber(argument), letter);
            case 'q' -> quoted(out, call.checkString(argument));
            case 's' -> text(out, spec, call.checkString(argument));
            default -> throw call.error("invalid option '%" + (letter == 0 ? "" : (char) letter) + "' to 'format'");
        }
    }

    /** As the processor converts to 64 bits without sign: negative numbers wrap. */
    private static long toUnsigned(LuaCall call, int argument) {
        double number = call.checkNumber(argument);
        return number >= 0x1p63 && number < 0x1p64
                ? (long) (number - 0x1p63) ^ Long.MIN_VALUE
                : Lua.toLong(number);
    }

    private static void character(ByteBuilder out, Spec spec, int c) {
        // A zero byte ends what printf made.
        boolean zero = (c & 0xff) == 0;
        if (!spec.left) {
            out.repeat(' ', spec.width - 1);
        }
        if (!zero) {
            out.add(c);
            if (spec.left) {
                out.repeat(' ', spec.width - 1);
            }
        }
    }

    private static void integer(ByteBuilder out, Spec spec, long value) {
        String digits = withPrecision(spec, value < 0 ? Long.toString(value).substring(1) : Long.toString(value));
        String sign = value < 0 ? "-" : spec.plus ? "+" : spec.space ? " " : "";
        spec.pad(out, sign + digits, sign.length(), spec.zero && spec.precision < 0);
    }

    private static void unsigned(ByteBuilder out, Spec spec, String digits, String prefix) {
        spec.pad(out, prefix + withPrecision(spec, digits), prefix.length(), spec.zero && spec.precision < 0);
    }

    private static void octal(ByteBuilder out, Spec spec, long value) {
        String digits = withPrecision(spec, Long.toOctalString(value));
        spec.pad(out, spec.alternate && !digits.startsWith("0") ? "0" + digits : digits, 0,
                spec.zero && spec.precision < 0);
    }

    private static void hex(ByteBuilder out, Spec spec, long value, boolean upper) {
        String digits = Long.toHexString(value);
        String prefix = spec.alternate && value != 0 ? "0x" : "";
        unsigned(out, spec, upper ? digits.toUpperCase(java.util.Locale.ROOT) : digits,
                upper ? prefix.toUpperCase(java.util.Locale.ROOT) : prefix);
    }

    /** At least as many digits as the precision asks; none at all for zero with precision zero. */
    private static String withPrecision(Spec spec, String digits) {
        if (spec.precision == 0 && digits.equals("0")) {
            return "";
        }
        return digits.length() >= spec.precision ? digits : "0".repeat(spec.precision - digits.length()) + digits;
    }

    private static void floating(ByteBuilder out, Spec spec, double value, int letter) {
        int precision = spec.precision < 0 ? 6 : spec.precision;
        String text = switch (letter) {
            case 'e', 'E' -> Numbers.exponential(value, precision, spec.alternate);
            case 'f' -> Numbers.fixed(value, precision, spec.alternate);
            default -> Numbers.general(value, precision, spec.alternate);
        };
        boolean negative = text.startsWith("-");
        String sign = negative ? "" : spec.plus ? "+" : spec.space ? " " : "";
        String shown = sign + (letter < 'a' ? text.toUpperCase(java.util.Locale.ROOT) : text);
        boolean finite = !Double.isNaN(value) && !Double.isInfinite(value);
        spec.pad(out, shown, negative ? 1 : sign.length(), spec.zero && finite);
    }

    private static void quoted(ByteBuilder out, LuaString string) {
        out.add('"');
        for (byte b : string.bytes) {
            switch (b) {
                case '"', '\\', '\n' -> {
                    out.add('\\');
                    out.add(b);
                }
                case '\r' -> out.add("\\r");
                case 0 -> out.add("\\000");
                default -> out.add(b);
            }
        }
        out.add('"');
    }

    private static void text(ByteBuilder out, Spec spec, LuaString string) {
        byte[] bytes = string.bytes;
        if (spec.precision < 0 && bytes.length >= FORMATTED_AS_IS) {
            out.add(bytes);
            return;
        }
        int length = 0;
        while (length < bytes.length && bytes[length] != 0 && (spec.precision < 0 || length < spec.precision)) {
            length++;
        }
        if (!spec.left) {
            out.repeat(' ', spec.width - length);
        }
        out.add(bytes, 0, length);
        if (spec.left) {
            out.repeat(' ', spec.width - length);
        }
    }
}

package dev.cistern.lua;

import org.jspecify.annotations.Nullable;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/**
 * The library {@code cjson}, in the manner of lua-cjson 2.1.0: same options, same output, same messages.
 *
 * <p>One object is one configuration; {@code cjson.new()} makes another. Both directions are bounded in depth.
 */
final class JsonLibrary {
    /** {@code cjson.null}: what JSON's null becomes, since nil would leave a hole. */
    static final LuaUserdata NULL = new LuaUserdata("null", null);

    private static final int MAX_PRECISION = 14;
    private static final String HEX = "0123456789abcdef";
    /** Deeper nesting would ask more of the Java stack than there may be, whatever the option says. */
    private static final int DEPTH_CEILING = 2_000;

    private boolean sparseConvert;
    private int sparseRatio = 2;
    private int sparseSafe = 10;
    private int encodeMaxDepth = 1000;
    private int decodeMaxDepth = 1000;
    private int numberPrecision = MAX_PRECISION;
    private boolean keepBuffer = true;
    /** off, on or null: refuse NaN and infinities, write them as they are, or write null. */
    private String encodeInvalid = "off";
    private boolean decodeInvalid = true;

    private JsonLibrary() {}

    static void open(LuaState state) {
        state.globals().set("cjson", new JsonLibrary().table(state));
    }

    private LuaTable table(LuaState state) {
        LuaTable library = state.newTable(0, 16);
        Library.add(library, "encode", this::encode);
        Library.add(library, "decode", this::decode);
        Library.add(library, "encode_sparse_array", this::sparseOptions);
        Library.add(library, "encode_max_depth", call -> {
            encodeMaxDepth = integerOption(call, 1, encodeMaxDepth, 1, Integer.MAX_VALUE);
            call.returns((double) encodeMaxDepth);
        });
        Library.add(library, "decode_max_depth", call -> {
            decodeMaxDepth = integerOption(call, 1, decodeMaxDepth, 1, Integer.MAX_VALUE);
            call.returns((double) decodeMaxDepth);
        });
        Library.add(library, "encode_number_precision", call -> {
            numberPrecision = integerOption(call, 1, numberPrecision, 1, MAX_PRECISION);
            call.returns((double) numberPrecision);
        });
        Library.add(library, "encode_keep_buffer", call -> {
            keepBuffer = booleanOption(call, keepBuffer);
            call.returns(keepBuffer);
        });
        Library.add(library, "encode_invalid_numbers", this::encodeInvalidOption);
        Library.add(library, "decode_invalid_numbers", call -> {
            decodeInvalid = booleanOption(call, decodeInvalid);
            call.returns(decodeInvalid);
        });
        Library.add(library, "new", call -> call.returns(new JsonLibrary().table(call.state())));
        library.set("null", NULL);
        library.set("_NAME", LuaString.of("cjson"));
        library.set("_VERSION", LuaString.of("2.1.0"));
        return library;
    }

    // ---- options

    private static void requireAtMost(LuaCall call, int count) {
        if (call.count() > count) {
            throw call.argumentError(count + 1, "found too many arguments");
        }
    }

    private static int integerOption(LuaCall call, int index, int current, int least, int most) {
        requireAtMost(call, index);
        if (call.arg(index) == null) {
            return current;
        }
        long value = call.checkLong(index);
        if (value < least || value > most) {
            throw call.argumentError(index, "expected integer between " + least + " and " + most);
        }
        return (int) value;
    }

    private static boolean booleanOption(LuaCall call, boolean current) {
        requireAtMost(call, 1);
        Object value = call.arg(1);
        if (value == null) {
            return current;
        }
        if (value instanceof Boolean truth) {
            return truth;
        }
        String name = call.checkString(1).toString();
        return switch (name) {
            case "on" -> true;
            case "off" -> false;
            default -> throw call.argumentError(1, "invalid option '" + name + "'");
        };
    }

    private void encodeInvalidOption(LuaCall call) {
        requireAtMost(call, 1);
        if (call.arg(1) instanceof Boolean truth) {
            encodeInvalid = truth ? "on" : "off";
        } else if (call.arg(1) != null) {
            String name = call.checkString(1).toString();
            if (!name.equals("on") && !name.equals("off") && !name.equals("null")) {
                throw call.argumentError(1, "invalid option '" + name + "'");
            }
            encodeInvalid = name;
        }
        call.returns(encodeInvalid.equals("null") ? LuaString.of("null") : (Object) encodeInvalid.equals("on"));
    }

    private void sparseOptions(LuaCall call) {
        requireAtMost(call, 3);
        if (call.arg(1) != null) {
            sparseConvert = call.arg(1) instanceof Boolean truth ? truth : call.checkString(1).toString().equals("on");
        }
        if (call.arg(2) != null) {
            sparseRatio = requireNatural(call, 2);
        }
        if (call.arg(3) != null) {
            sparseSafe = requireNatural(call, 3);
        }
        call.push(sparseConvert);
        call.push((double) sparseRatio);
        call.push((double) sparseSafe);
    }

    private static int requireNatural(LuaCall call, int index) {
        long value = call.checkLong(index);
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw call.argumentError(index, "expected integer between 0 and " + Integer.MAX_VALUE);
        }
        return (int) value;
    }

    // ---- encoding

    private void encode(LuaCall call) {
        if (call.count() != 1) {
            throw call.argumentError(1, "expected 1 argument");
        }
        ByteBuilder out = new ByteBuilder(call.state());
        new Writer(call, out).value(call.arg(1), 0);
        call.returns(out.finish());
    }

    private final class Writer {
        private final LuaCall call;
        private final ByteBuilder out;

        Writer(LuaCall call, ByteBuilder out) {
            this.call = call;
            this.out = out;
        }

        void value(@Nullable Object value, int depth) {
            call.state().interpreter.spend(1);
            switch (value) {
                case null -> out.add("null");
                case Boolean truth -> out.add(truth.toString());
                case Double number -> number(number);
                case LuaString string -> string(string.bytes);
                case LuaTable table -> table(table, depth + 1);
                case LuaUserdata userdata when userdata == NULL -> out.add("null");
                default -> throw refused(value, "type not supported");
            }
        }

        private LuaError refused(@Nullable Object value, String why) {
            return call.error("Cannot serialise " + Lua.typeName(value) + ": " + why);
        }

        private void number(double number) {
            if (Numbers.notFinite(number) != null) {
                switch (encodeInvalid) {
                    case "off" -> throw refused(number, "must not be NaN or Inf");
                    case "null" -> out.add("null");
                    default -> out.add(Double.isNaN(number) ? "nan" : number < 0 ? "-inf" : "inf");
                }
                return;
            }
            out.add(numberPrecision == MAX_PRECISION
                    ? Numbers.toText(number)
                    : Numbers.general(number, numberPrecision, false));
        }

        private void string(byte[] bytes) {
            out.add('"');
            for (byte b : bytes) {
                switch (b) {
                    case '"', '\\', '/' -> {
                        out.add('\\');
                        out.add(b);
                    }
                    case '\b' -> out.add("\\b");
                    case '\t' -> out.add("\\t");
                    case '\n' -> out.add("\\n");
                    case '\f' -> out.add("\\f");
                    case '\r' -> out.add("\\r");
                    default -> {
                        if (b >= 0 && b < ' ' || b == 127) {
                            out.add("\\u00");
                            out.add(HEX.charAt(b >> 4));
                            out.add(HEX.charAt(b & 15));
                        } else {
                            out.add(b);
                        }
                    }
                }
            }
            out.add('"');
        }

        private void table(LuaTable table, int depth) {
            if (depth > Math.min(encodeMaxDepth, DEPTH_CEILING)) {
                throw call.error("Cannot serialise, excessive nesting (" + depth + ")");
            }
            int length = arrayLength(table);
            if (length > 0) {
                out.add('[');
                for (int i = 1; i <= length; i++) {
                    if (i > 1) {
                        out.add(',');
                    }
                    value(table.get(i), depth);
                }
                out.add(']');
            } else {
                object(table, depth);
            }
        }

        /** The highest index of a table that is an array; -1 for other tables and 0 for empty ones. */
        private int arrayLength(LuaTable table) {
            double most = 0;
            long items = 0;
            for (int at = table.nextPosition(0); at > 0; at = table.nextPosition(at)) {
                if (!(table.keyAt(at) instanceof Double key) || key < 1 || Math.floor(key) != key) {
                    return -1;
                }
                most = Math.max(most, key);
                items++;
            }
            if (sparseRatio > 0 && most > (double) items * sparseRatio && most > sparseSafe) {
                if (!sparseConvert) {
                    throw refused(table, "excessively sparse array");
                }
                return -1;
            }
            return (int) Math.min(most, Integer.MAX_VALUE - 1);
        }

        private void object(LuaTable table, int depth) {
            out.add('{');
            boolean first = true;
            for (int at = table.nextPosition(0); at > 0; at = table.nextPosition(at)) {
                if (!first) {
                    out.add(',');
                }
                first = false;
                switch (table.keyAt(at)) {
                    case LuaString key -> string(key.bytes);
                    case Double key -> {
                        out.add('"');
                        number(key);
                        out.add('"');
                    }
                    default -> throw refused(table, "table key must be a number or string");
                }
                out.add(':');
                value(table.valueAt(at), depth);
            }
            out.add('}');
        }
    }

    // ---- decoding

    private void decode(LuaCall call) {
        if (call.count() != 1) {
            throw call.argumentError(1, "expected 1 argument");
        }
        byte[] text = call.checkString(1).bytes;
        if (text.length >= 2 && (text[0] == 0 || text[1] == 0)) {
            throw call.error("JSON parser does not support UTF-16 or UTF-32");
        }
        Reader reader = new Reader(call, text);
        reader.next();
        Object value = reader.value(0);
        reader.next();
        if (reader.token != Token.END) {
            throw reader.expected("the end");
        }
        call.returns(value);
    }

    private enum Token {
        OBJ_BEGIN, OBJ_END, ARR_BEGIN, ARR_END, STRING, NUMBER, BOOLEAN, NULL, COLON, COMMA, END, ERROR
    }

    private final class Reader {
        private final LuaCall call;
        private final byte[] text;
        private int at;
        private Token token = Token.END;
        private int tokenStart;
        private String complaint = "";
        private @Nullable Object content;

        Reader(LuaCall call, byte[] text) {
            this.call = call;
            this.text = text;
        }

        LuaError expected(String what) {
            String found = token == Token.ERROR ? complaint : "T_" + token.name();
            return call.error("Expected %s but found %s at character %d".formatted(what, found, tokenStart + 1));
        }

        private Token refuse(String why) {
            complaint = why;
            return Token.ERROR;
        }

        void next() {
            while (at < text.length && isBlank(text[at])) {
                at++;
            }
            tokenStart = at;
            token = at < text.length && text[at] != 0 ? scan(text[at]) : Token.END;
        }

        private static boolean isBlank(byte b) {
            return b == ' ' || b == '\t' || b == '\n' || b == '\r';
        }

        private Token scan(byte b) {
            return switch (b) {
                case '{' -> single(Token.OBJ_BEGIN);
                case '}' -> single(Token.OBJ_END);
                case '[' -> single(Token.ARR_BEGIN);
                case ']' -> single(Token.ARR_END);
                case ':' -> single(Token.COLON);
                case ',' -> single(Token.COMMA);
                case '"' -> string();
                case 't' -> word("true", Token.BOOLEAN, true);
                case 'f' -> word("false", Token.BOOLEAN, false);
                case 'n' -> word("null", Token.NULL, NULL);
                case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' ->
                    !decodeInvalid && isInvalidNumber() ? refuse("invalid number") : number();
                default -> decodeInvalid && isInvalidNumber() ? number() : refuse("invalid token");
            };
        }

        private Token single(Token kind) {
            at++;
            return kind;
        }

        private Token word(String word, Token kind, Object value) {
            byte[] spelled = word.getBytes(ISO_8859_1);
            int end = at + spelled.length;
            if (end <= text.length && java.util.Arrays.equals(text, at, end, spelled, 0, spelled.length)) {
                at = end;
                content = value;
                return kind;
            }
            return decodeInvalid && isInvalidNumber() ? number() : refuse("invalid token");
        }

        /** A number that JSON does not have but {@code strtod} reads: signs, leading zeros, hex, inf, nan. */
        private boolean isInvalidNumber() {
            int p = at;
            if (text[p] == '+') {
                return true;
            }
            if (text[p] == '-') {
                p++;
            }
            if (p < text.length && text[p] == '0') {
                int second = p + 1 < text.length ? text[p + 1] : 0;
                return (second | 0x20) == 'x' || Numbers.isDigit(second);
            }
            return Numbers.hasWord(text, p, "inf") || Numbers.hasWord(text, p, "nan");
        }

        private Token number() {
            int end = Numbers.prefixEnd(text, at);
            Double value = end > at ? Numbers.parse(java.util.Arrays.copyOfRange(text, at, end)) : null;
            if (value == null) {
                return refuse("invalid number");
            }
            at = end;
            content = value;
            return Token.NUMBER;
        }

        private Token string() {
            at++;
            int start = at;
            while (at < text.length && text[at] != '"' && text[at] != '\\' && text[at] != 0) {
                at++;
            }
            if (at < text.length && text[at] == '"') {
                call.state().memory.reserve(LuaString.OVERHEAD_BYTES + (long) at - start);
                content = LuaString.copyOf(text, start, at++ - start);
                return Token.STRING;
            }
            ByteBuilder out = new ByteBuilder(call.state());
            out.add(text, start, at - start);
            while (at < text.length && text[at] != '"' && text[at] != 0) {
                if (text[at] != '\\') {
                    out.add(text[at++]);
                } else if (!escape(out)) {
                    return Token.ERROR;
                }
            }
            if (at >= text.length || text[at] == 0) {
                tokenStart = at;
                return refuse("unexpected end of string");
            }
            at++;
            content = out.finish();
            return Token.STRING;
        }

        private boolean escape(ByteBuilder out) {
            int letter = at + 1 < text.length ? text[at + 1] : 0;
            int meant = switch (letter) {
                case '"', '\\', '/' -> letter;
                case 'b' -> '\b';
                case 't' -> '\t';
                case 'n' -> '\n';
                case 'f' -> '\f';
                case 'r' -> '\r';
                default -> -1;
            };
            if (letter == 'u') {
                return unicode(out);
            }
            if (meant < 0) {
                tokenStart = at;
                refuse("invalid escape code");
                return false;
            }
            out.add(meant);
            at += 2;
            return true;
        }

        private boolean unicode(ByteBuilder out) {
            int code = hexAt(at + 2);
            int length = 6;
            if (code >= 0xd800 && code < 0xdc00) {
                boolean pair = at + 7 < text.length && text[at + 6] == '\\' && text[at + 7] == 'u';
                int low = pair ? hexAt(at + 8) : -1;
                code = low >= 0xdc00 && low < 0xe000 ? Character.toCodePoint((char) code, (char) low) : -1;
                length = 12;
            } else if (code >= 0xdc00 && code < 0xe000) {
                code = -1;
            }
            if (code < 0) {
                tokenStart = at;
                refuse("invalid unicode escape code");
                return false;
            }
            out.add(Character.toString(code).getBytes(java.nio.charset.StandardCharsets.UTF_8));
            at += length;
            return true;
        }

        private int hexAt(int from) {
            int value = 0;
            for (int i = from; i < from + 4; i++) {
                int digit = i < text.length ? Character.digit(text[i], 16) : -1;
                if (digit < 0) {
                    return -1;
                }
                value = value << 4 | digit;
            }
            return value;
        }

        @Nullable
        Object value(int depth) {
            call.state().interpreter.spend(1);
            return switch (token) {
                case STRING, NUMBER, BOOLEAN, NULL -> content;
                case OBJ_BEGIN -> object(depth + 1);
                case ARR_BEGIN -> array(depth + 1);
                default -> throw expected("value");
            };
        }

        private void requireDepth(int depth) {
            if (depth > Math.min(decodeMaxDepth, DEPTH_CEILING)) {
                throw call.error("Found too many nested data structures (%d) at character %d".formatted(depth, at));
            }
        }

        private LuaTable object(int depth) {
            requireDepth(depth);
            LuaTable table = call.state().newTable();
            next();
            if (token == Token.OBJ_END) {
                return table;
            }
            for (;;) {
                if (token != Token.STRING || content == null) {
                    throw expected("object key string");
                }
                Object key = content;
                next();
                if (token != Token.COLON) {
                    throw expected("colon");
                }
                next();
                table.set(key, value(depth));
                next();
                if (token == Token.OBJ_END) {
                    return table;
                }
                if (token != Token.COMMA) {
                    throw expected("comma or object end");
                }
                next();
            }
        }

        private LuaTable array(int depth) {
            requireDepth(depth);
            LuaTable table = call.state().newTable();
            next();
            if (token == Token.ARR_END) {
                return table;
            }
            for (int i = 1;; i++) {
                table.set(i, value(depth));
                next();
                if (token == Token.ARR_END) {
                    return table;
                }
                if (token != Token.COMMA) {
                    throw expected("comma or array end");
                }
                next();
            }
        }
    }
}

package dev.cistern.lua;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Random scripts, of which every line must print what native Lua 5.1 prints. The seed stands in the failure. */
final class RandomScriptTest {
    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);
    private static final int LINES = 150;

    /** Runs batches of lines, each made by the generator and each under its own pcall. */
    private static void compare(int batches, Function<SplittableRandom, String> generator) {
        long seed = Long.getLong("cistern.seed", 1);
        try (NativeLua referee = NativeLua.assumed()) {
            for (int batch = 0; batch < batches * EFFORT; batch++) {
                SplittableRandom random = new SplittableRandom(seed + batch);
                StringBuilder script = new StringBuilder();
                for (int i = 0; i < LINES; i++) {
                    script.append("do local r = {pcall(function() ").append(generator.apply(random))
                            .append(" end)} print(unpack(r, 1, table.maxn(r))) end\n");
                }
                String source = script.toString();
                String[] theirs = referee.output(source).split("\n", -1);
                assertThat(theirs[0]).as("the generated script").doesNotStartWith("REFUSED");
                assertThat(String.join("\n", theirs)).as("seed " + (seed + batch)).doesNotContain("does not end");
                String[] ours = NativeLua.ours(source).split("\n", -1);
                String[] lines = source.split("\n", -1);
                for (int i = 0; i < theirs.length; i++) {
                    String at = "seed " + (seed + batch) + " line "
                            + (lines.length == theirs.length + 1 ? lines[i] : i);
                    assertThat(i < ours.length ? ours[i] : "nothing").as(at).isEqualTo(theirs[i]);
                }
            }
        }
    }

    // ---- numbers

    private static double number(SplittableRandom random) {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextInt(-1000, 1000);
            case 1 -> random.nextInt(-1_000_000, 1_000_000) / 1000.0;
            case 2 -> random.nextDouble();
            case 3 -> random.nextLong();
            case 4 -> Math.scalb(random.nextDouble(), random.nextInt(-1060, 1000));
            default -> {
                double any = Double.longBitsToDouble(random.nextLong());
                yield Double.isNaN(any) ? 0.5 : any;
            }
        };
    }

    /** A literal that reads back as exactly this number. */
    private static String literal(double value) {
        if (Double.isInfinite(value)) {
            return value > 0 ? "(1/0)" : "(-1/0)";
        }
        String text = Double.toString(Math.abs(value)).replace("E", "e");
        // A literal -0 would make every 0 of its chunk negative in the original.
        return value < 0 ? "(-" + text + ")" : text;
    }

    @Test
    void numbersPrintAlike() {
        compare(12, random -> "return tostring(" + literal(number(random)) + ")");
    }

    @Test
    void numbersFormatAlike() {
        compare(12, random -> {
            StringBuilder flags = new StringBuilder();
            for (char flag : "-+ #0".toCharArray()) {
                flags.append(random.nextInt(4) == 0 ? String.valueOf(flag) : "");
            }
            String width = random.nextInt(3) == 0 ? String.valueOf(random.nextInt(1, 40)) : "";
            String precision = random.nextInt(2) == 0 ? "." + random.nextInt(0, 30) : "";
            char letter = "dioxXueEfgGs".charAt(random.nextInt(12));
            double value = number(random);
            if ("oxXu".indexOf(letter) >= 0) {
                // What C makes of numbers out of range depends on the processor.
                value = Math.floor(Math.abs(value) % 1e15);
            }
            return "return string.format('|%" + flags + width + precision + letter + "|', " + literal(value) + ")";
        });
    }

    @Test
    void numeralsReadAlike() {
        String alphabet = "0123456789abcdefxXpPeE+-. infnan\\t";
        compare(12, random -> {
            StringBuilder text = new StringBuilder();
            if (random.nextBoolean()) {
                text.append(Double.toString(number(random)).replace("E", random.nextBoolean() ? "e" : "E"));
            }
            for (int i = random.nextInt(5); i > 0; i--) {
                int at = random.nextInt(text.length() + 1);
                text.insert(at, alphabet.charAt(random.nextInt(alphabet.length() - 2)));
            }
            String quoted = "'" + text.toString().replace("\\", "") + "'";
            return random.nextInt(4) == 0
                    ? "return tonumber(" + quoted + ", " + random.nextInt(2, 37) + ")"
                    : "return tonumber(" + quoted + ")";
        });
    }

    // ---- expressions

    private static final String[] BINARY = {"+", "-", "*", "/", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=",
            "and", "or"};

    private static String expression(SplittableRandom random, int depth) {
        if (depth == 0 || random.nextInt(5) == 0) {
            return switch (random.nextInt(12)) {
                case 0 -> "nil";
                case 1 -> "true";
                case 2 -> "false";
                case 3 -> "'" + random.nextInt(20) + "'";
                case 4 -> "'abc'";
                case 5 -> "a";
                case 6 -> "b";
                case 7 -> "t.x";
                case 8 -> "t[1]";
                case 9 -> "up";
                case 10 -> "glob";
                default -> String.valueOf(random.nextInt(1, 10));
            };
        }
        return switch (random.nextInt(10)) {
            case 0 -> "not " + expression(random, depth - 1);
            case 1 -> "- " + expression(random, depth - 1);
            case 2 -> "#" + expression(random, depth - 1);
            case 3 -> "id(" + expression(random, depth - 1) + ")";
            case 4 -> "(" + expression(random, depth - 1) + ")";
            case 5 -> "({" + expression(random, depth - 1) + ", " + expression(random, depth - 1) + "})["
                    + random.nextInt(1, 4) + "]";
            default -> expression(random, depth - 1) + " " + BINARY[random.nextInt(BINARY.length)] + " "
                    + expression(random, depth - 1);
        };
    }

    /** An expression for loops, where a text that doubles each time must not grow for ever. */
    private static String bounded(SplittableRandom random) {
        return "cut(" + expression(random, 2) + ")";
    }

    @Test
    void expressionsEvaluateAlike() {
        compare(25,
                random -> "local a, b, t = 3, 'x', {'one', x = 2} local function id(...) return ... end local up = 7"
                        + " local function inner() return " + expression(random, 4) + " end local r = "
                        + expression(random, 4) + " if " + expression(random, 3) + " then a = " + expression(random, 3)
                        + " elseif " + expression(random, 2) + " then b = " + expression(random, 2)
                        + " end while a and (" + expression(random, 2) + ") do a = nil end return r, a, b, inner()");
    }

    // ---- patterns

    private static final String[] ITEMS = {"a", "b", ".", "%a", "%d", "%s", "%w", "%p", "%x", "%u", "%l", "%A", "%.",
            "[ab]", "[^a]", "[a-c]", "[%d%s]", "[]]", "[^%w]", "(", ")", "()", "(a)", "(.)", "%1", "%2", "%b()", "%b<>",
            "%f[%a]", "%f[%W]", "^", "$", "*", "+", "-", "?", "a*", "b-", ".*", ".-", "%a+", "%d?", "%", "[", "[^",
            "%z", "x\\0y"};

    private static String pattern(SplittableRandom random) {
        StringBuilder pattern = new StringBuilder(random.nextInt(5) == 0 ? "^" : "");
        for (int i = random.nextInt(1, 6); i > 0; i--) {
            pattern.append(ITEMS[random.nextInt(ITEMS.length)]);
        }
        return "'" + pattern + "'";
    }

    private static String subject(SplittableRandom random) {
        String alphabet = "aaabbc 123.()<>AZ_";
        StringBuilder subject = new StringBuilder();
        for (int i = random.nextInt(0, 14); i > 0; i--) {
            subject.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return "'" + subject + (random.nextInt(10) == 0 ? "\\0z" : "") + "'";
    }

    @Test
    void patternsMatchAlike() {
        String[] replacements = {"'x'", "'<%0>'", "'%1'", "'%2%1'", "string.upper", "{a = 'A', b = false}",
                "function(...) return select('#', ...) end", "'%%'", "''"};
        compare(25, random -> {
            String subject = subject(random);
            String pattern = pattern(random);
            return switch (random.nextInt(4)) {
                case 0 -> "return string.find(" + subject + ", " + pattern + ", " + random.nextInt(-5, 6) + ")";
                case 1 -> "return string.match(" + subject + ", " + pattern + ")";
                case 2 -> "return string.gsub(" + subject + ", " + pattern + ", "
                        + replacements[random.nextInt(replacements.length)]
                        + (random.nextBoolean() ? "" : ", " + random.nextInt(0, 3)) + ")";
                default -> "local r = {} for x, y in string.gmatch(" + subject + ", " + pattern
                        + ") do r[#r + 1] = tostring(x) .. ':' .. tostring(y) end return table.concat(r, ' ')";
            };
        });
    }

    // ---- tables

    @Test
    void tablesKeepTheirOrderAndBorders() {
        compare(15, random -> {
            StringBuilder body = new StringBuilder("local t = ");
            body.append(random.nextBoolean() ? "{}" : "{1, 2, nil, 4, x = 1, [7] = 7, " + random.nextInt(9) + "}");
            int steps = random.nextInt(1, 60);
            for (int i = 0; i < steps; i++) {
                String key = switch (random.nextInt(6)) {
                    case 0 -> "'k" + random.nextInt(12) + "'";
                    case 1 -> literal(random.nextInt(40) / 2.0);
                    case 2 -> random.nextBoolean() ? "true" : "false";
                    case 3 -> "#t + 1";
                    default -> String.valueOf(random.nextInt(-3, 24));
                };
                body.append(" t[").append(key).append("] = ").append(random.nextInt(4) == 0 ? "nil" : i);
            }
            body.append(" local r = {#t} for k, v in pairs(t) do r[#r + 1] = tostring(k) .. '=' .. v end");
            body.append(" return table.maxn(t), table.concat(r, ' ')");
            return body.toString();
        });
    }

    @Test
    void sortsAlikeEvenTiesAndNonsense() {
        String[] orders = {"nil", "function(a, b) return a > b end", "function(a, b) return a % 5 < b % 5 end",
                "function(a, b) return a <= b end", "function(a, b) return true end"};
        compare(8, random -> {
            StringBuilder body = new StringBuilder("local t = {");
            for (int i = random.nextInt(0, 60); i > 0; i--) {
                body.append(random.nextInt(100)).append(", ");
            }
            body.append("} local ok, e = pcall(table.sort, t, ").append(orders[random.nextInt(orders.length)])
                    .append(") return ok, e, table.concat(t, ' ')");
            return body.toString();
        });
    }

    // ---- programs

    /** Statements over a few variables, with loops that end and calls that may fail. */
    private static String statements(SplittableRandom random, int depth) {
        StringBuilder out = new StringBuilder();
        for (int i = random.nextInt(1, 4); i > 0; i--) {
            String variable = new String[]{"a", "b", "up", "glob", "t.x", "t[1]", "t[b]"}[random.nextInt(7)];
            switch (depth == 0 ? 0 : random.nextInt(9)) {
                case 1 -> out.append("if ").append(bounded(random)).append(" then ")
                        .append(statements(random, depth - 1)).append(" else ").append(statements(random, depth - 1))
                        .append(" end ");
                case 2 -> out.append("for i = 1, 3 do ").append(statements(random, depth - 1))
                        .append(" if i == 2 then break end end ");
                case 3 -> out.append("do local a = ").append(bounded(random)).append(" fs[#fs + 1] = function() a = ")
                        .append(bounded(random)).append(" return a end ").append(statements(random, depth - 1))
                        .append(" end ");
                case 4 -> out.append("for k, v in pairs({1, x = 2}) do ").append(statements(random, depth - 1))
                        .append(" end ");
                case 5 -> out.append("a, b = ").append(bounded(random)).append(", ").append(bounded(random))
                        .append(" ");
                case 6 -> {
                    // The condition sees the locals of the loop's body: a counter of the same name in there never grows.
                    String n = "n" + depth;
                    out.append("local ").append(n).append(" = 0 repeat ").append(n).append(" = ").append(n)
                            .append(" + 1 ").append(statements(random, depth - 1)).append(" until ").append(n)
                            .append(" > 2 ");
                }
                case 7 -> out.append("pcall(function() ").append(statements(random, depth - 1)).append(" end) ");
                default -> out.append(variable).append(" = ").append(bounded(random)).append(" ");
            }
        }
        return out.toString();
    }

    @Test
    void programsRunAlike() {
        compare(25, random -> "local a, b, t, fs, up = 1, 2, {3, x = 4}, {}, 5 glob = 6"
                + " local function id(...) return ... end local function cut(...) local v = ... if type(v) == 'string' then"
                + " return v:sub(1, 40), select(2, ...) end return ... end " + statements(random, 3)
                + " for i = 1, #fs do print(pcall(fs[i])) end return type(a) == 'table' and 't' or a, b, up, glob, "
                + "t and type(t) == 'table' and t.x, type(t) == 'table' and t[1]");
    }

    /** Whatever bytes a chunk has, both machines refuse or accept it, with the same words. */
    @Test
    void brokenProgramsAreRefusedAlike() {
        String[] words = {"local ", "x", " = ", "1", "function ", "f", "(", ")", " end ", "if ", " then ", "else ",
                "for ", " in ", "while ", " do ", "repeat ", " until ", "return ", "break ", "nil ", "not ", " and ",
                " or ", "{", "}", "[", "]", ".", "..", "...", ",", ";", ":", "'s'", "\"t\"", "+", "-", "*", "==", "~=",
                "<", ">", "#", "[[l]]", "--c\\n", "\\n", "0x", "1e", "@", "true "};
        compare(25, random -> {
            StringBuilder source = new StringBuilder();
            for (int i = random.nextInt(1, 14); i > 0; i--) {
                source.append(words[random.nextInt(words.length)]);
            }
            String quoted = NativeLua
                    .quoted(source.toString().replace("\\n", "\n").getBytes(StandardCharsets.ISO_8859_1));
            return "local f, m = loadstring(" + quoted + ", '=c') return f ~= nil, m";
        });
    }
}

package dev.cistern.engine.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Makes up commands on lists that two servers must answer alike; a part of {@link RandomCommands}. */
final class RandomListCommands {
    private static final String[] NUMBERS = {"0", "1", "-1", "2", "-2", "5", "-5", "100", "-100", "9223372036854775807",
            "-9223372036854775807", "9223372036854775808", "x", "", "1.5", "+1"};

    private final SplittableRandom random;

    RandomListCommands(SplittableRandom random) {
        this.random = random;
    }

    String[] next() {
        return switch (random.nextInt(14)) {
            case 0, 1, 2, 3 -> push();
            case 4 -> pop();
            case 5 -> command("LRANGE", name(), number(), number());
            case 6 -> random.nextBoolean() ? command("LINDEX", name(), number()) : command("LLEN", name());
            case 7 -> command("LSET", list(), number(), element());
            case 8 -> command("LINSERT", list(), oneOf("BEFORE", "AFTER", "after", "x"), element(), element());
            case 9 -> command("LREM", name(), Integer.toString(random.nextInt(-4, 5)), element());
            case 10 -> random.nextInt(3) == 0
                    ? command("LTRIM", list(), number(), number())
                    : command("LTRIM", list(), oneOf("0", "1", "2"), oneOf("-1", "-2", "-3"));
            case 11 -> position();
            case 12 -> move();
            default -> multiplePop();
        };
    }

    private String[] push() {
        if (random.nextInt(60) == 0) {
            return command("CONFIG", "SET", "list-max-listpack-size", oneOf("-1", "-2", "3", "8"));
        }
        List<String> command = new ArrayList<>(
                List.of(oneOf("LPUSH", "RPUSH", "LPUSH", "RPUSH", "LPUSHX", "RPUSHX"), list()));
        do {
            command.add(element());
        } while (random.nextInt(4) != 0);
        return command.toArray(String[]::new);
    }

    private String[] pop() {
        return switch (random.nextInt(8)) {
            case 0 -> command(oneOf("LPOP", "RPOP"), name(), oneOf(NUMBERS));
            case 1 -> command(oneOf("LPOP", "RPOP"), name(), Integer.toString(random.nextInt(12)));
            case 2 -> command(oneOf("LPOP", "RPOP"), name(), "1", "2");
            default -> command(oneOf("LPOP", "RPOP"), name());
        };
    }

    private String[] position() {
        List<String> command = new ArrayList<>(List.of("LPOS", name(), element()));
        while (random.nextInt(2) == 0) {
            command.add(oneOf("RANK", "COUNT", "MAXLEN", "rank", "FOO"));
            if (random.nextInt(10) != 0) {
                command.add(random.nextInt(3) == 0 ? oneOf(NUMBERS) : Integer.toString(random.nextInt(-3, 5)));
            }
        }
        return command.toArray(String[]::new);
    }

    private String[] move() {
        return random.nextInt(3) == 0
                ? command("RPOPLPUSH", name(), list())
                : command("LMOVE", name(), list(), oneOf("LEFT", "RIGHT", "left"), oneOf("LEFT", "RIGHT", "x"));
    }

    private String[] multiplePop() {
        List<String> command = new ArrayList<>(
                List.of("LMPOP", oneOf("1", "2", "2", "3", "0", "x", "9223372036854775807"), name(), name(),
                        oneOf("LEFT", "RIGHT", "FOO")));
        while (random.nextInt(3) == 0) {
            command.addAll(List.of(oneOf("COUNT", "count", "FOO"), oneOf("1", "2", "5", "0", "-1", "x")));
        }
        return command.toArray(String[]::new);
    }

    private static String[] command(String... arguments) {
        return arguments;
    }

    private String oneOf(String... choices) {
        return choices[random.nextInt(choices.length)];
    }

    /** A list, and nothing else is ever put there. */
    private String list() {
        return "l" + random.nextInt(3);
    }

    /** Sometimes a string, so only for what cannot make a list of it. */
    private String name() {
        return random.nextInt(12) == 0 ? "k" + random.nextInt(5) : list();
    }

    private String number() {
        return random.nextInt(6) == 0 ? oneOf(NUMBERS) : Integer.toString(random.nextInt(-12, 12));
    }

    private String element() {
        return switch (random.nextInt(8)) {
            case 0 -> Long.toString(random.nextLong() >> random.nextInt(64));
            case 1 -> oneOf("", "-0", "007", "\u00ff\0", "a b");
            case 2 -> random.nextInt(4) == 0 ? "x".repeat(random.nextInt(5000)) : "yy";
            default -> Integer.toString(random.nextInt(8));
        };
    }
}

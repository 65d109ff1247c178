package dev.cistern.engine.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Makes up commands on sorted sets that two servers must answer alike; a part of {@link RandomCommands}.
 *
 * <p>Scores are such that 17 digits and the shortest text are the same, as versions of the original print one or the other.
 */
final class RandomSortedSetCommands {
    private static final String[] SCORES = {"0", "-0", "1", "-1", "2", "2.5", "-0.25", "3.75", "1e3", "+5", "inf",
            "-inf", "0x10", "1e12", ".5"};
    private static final String[] WRONG_SCORES = {"nan", "x", "", " 1", "1e400", "1e-400", "1 "};
    private static final String[] BOUNDS = {"-inf", "+inf", "(1", "1", "(2.5", "(-inf", "inf", "(", "", "x", "(x", " 1",
            "1e400", "nan"};
    private static final String[] NAMES = {"-", "+", "[a", "(a", "[m2", "(m2", "[m", "[", "(", "[m55", "a", "", "--"};
    private static final String[] RANKS = {"0", "1", "-1", "-2", "3", "100", "-100", "x", "9223372036854775807"};

    private final SplittableRandom random;

    RandomSortedSetCommands(SplittableRandom random) {
        this.random = random;
    }

    String[] next() {
        return switch (random.nextInt(18)) {
            case 0, 1, 2, 3 -> add();
            case 4 -> command("ZINCRBY", set(), score(), member());
            case 5 -> command("ZREM", name(), member(), member(), member());
            case 6 -> random.nextBoolean()
                    ? command("ZSCORE", name(), member())
                    : command("ZMSCORE", name(), member(), member());
            case 7 -> command(oneOf("ZRANK", "ZREVRANK"), name(), member());
            case 8 -> command("ZRANGE", name(), oneOf(RANKS), oneOf(RANKS), oneOf("WITHSCORES", "REV", "withscores"));
            case 9 -> range();
            case 10 -> byScore();
            case 11 -> byName();
            case 12 -> removeRange();
            case 13 -> pop();
            case 14, 15 -> combine();
            case 16 -> walk();
            default -> setting();
        };
    }

    private String[] setting() {
        return switch (random.nextInt(6)) {
            // Not in between: Redis 7.0 looks at the first of several new members only, Valkey at all.
            case 0 -> command("CONFIG", "SET", oneOf("zset-max-listpack-entries", "zset-max-ziplist-entries"),
                    oneOf("0", "128"));
            case 1, 2, 3 -> command("OBJECT", "ENCODING", set());
            case 4 -> command("COPY", set(), set(), "REPLACE");
            default -> command("ZCARD", name());
        };
    }

    private String[] add() {
        boolean ofOneScore = random.nextInt(5) == 0;
        List<String> command = new ArrayList<>(List.of("ZADD", ofOneScore ? equalSet() : set()));
        while (random.nextInt(3) == 0) {
            command.add(oneOf("NX", "XX", "GT", "LT", "CH", "INCR", "ch"));
        }
        do {
            command.add(ofOneScore ? "0" : score());
            command.add(member());
        } while (random.nextInt(3) != 0);
        if (random.nextInt(30) == 0) {
            command.add("odd");
        }
        return command.toArray(String[]::new);
    }

    /** ZRANGE and ZRANGESTORE with all options, right or wrong. */
    private String[] range() {
        List<String> command = new ArrayList<>(random.nextInt(3) == 0
                ? List.of("ZRANGESTORE", set())
                : List.of("ZRANGE"));
        String kind = oneOf("BYSCORE", "BYLEX", "", "");
        command.add(kind.equals("BYLEX") ? equalSet() : name());
        String[] bounds = kind.equals("BYSCORE") ? BOUNDS : kind.equals("BYLEX") ? NAMES : RANKS;
        command.addAll(List.of(oneOf(bounds), oneOf(bounds)));
        if (!kind.isEmpty()) {
            command.add(kind);
        }
        options(command, "REV", "WITHSCORES", "LIMIT", "LIMIT");
        return command.toArray(String[]::new);
    }

    private void options(List<String> command, String... choices) {
        while (random.nextInt(2) == 0) {
            String option = oneOf(choices);
            command.add(option);
            if (option.equals("LIMIT")) {
                command.addAll(List.of(oneOf("0", "1", "2", "-1", "x"), oneOf("0", "1", "5", "-1", "-2")));
            }
        }
    }

    private String[] byScore() {
        if (random.nextInt(3) == 0) {
            return command("ZCOUNT", name(), oneOf(BOUNDS), oneOf(BOUNDS));
        }
        List<String> command = new ArrayList<>(List.of(oneOf("ZRANGEBYSCORE", "ZREVRANGEBYSCORE"), name(),
                oneOf(BOUNDS), oneOf(BOUNDS)));
        options(command, "WITHSCORES", "LIMIT", "REV");
        return command.toArray(String[]::new);
    }

    private String[] byName() {
        if (random.nextInt(3) == 0) {
            return command("ZLEXCOUNT", equalSet(), oneOf(NAMES), oneOf(NAMES));
        }
        List<String> command = new ArrayList<>(List.of(oneOf("ZRANGEBYLEX", "ZREVRANGEBYLEX"), equalSet(),
                oneOf(NAMES), oneOf(NAMES)));
        options(command, "WITHSCORES", "LIMIT", "LIMIT", "FOO");
        return command.toArray(String[]::new);
    }

    private String[] removeRange() {
        return switch (random.nextInt(3)) {
            case 0 -> command("ZREMRANGEBYRANK", name(), oneOf(RANKS), oneOf(RANKS));
            case 1 -> command("ZREMRANGEBYSCORE", name(), oneOf(BOUNDS), oneOf(BOUNDS));
            default -> command("ZREMRANGEBYLEX", equalSet(), oneOf(NAMES), oneOf(NAMES));
        };
    }

    private String[] pop() {
        return switch (random.nextInt(4)) {
            case 0 -> command(oneOf("ZPOPMIN", "ZPOPMAX"), name());
            case 1 -> command(oneOf("ZPOPMIN", "ZPOPMAX"), name(), oneOf("0", "1", "2", "10", "-1", "x"));
            case 2 -> command(oneOf("ZPOPMIN", "ZPOPMAX"), name(), "1", "2");
            default -> command("ZMPOP", oneOf("1", "2", "2", "0", "x"), name(), name(), oneOf("MIN", "MAX", "FOO"),
                    oneOf("COUNT", "COUNT", "FOO"), oneOf("1", "3", "0", "-1"));
        };
    }

    private String[] combine() {
        String operation = oneOf("ZUNION", "ZINTER", "ZDIFF");
        List<String> command = new ArrayList<>(switch (random.nextInt(4)) {
            case 0 -> List.of("ZINTERCARD");
            case 1 -> List.of(operation + "STORE", set());
            default -> List.of(operation);
        });
        int keys = random.nextInt(1, 4);
        command.add(random.nextInt(20) == 0 ? oneOf("0", "-1", "x", "9") : Integer.toString(keys));
        for (int i = 0; i < keys; i++) {
            command.add(random.nextInt(15) == 0 ? name() : set());
        }
        while (random.nextInt(5) < 2) {
            switch (random.nextInt(5)) {
                case 0 -> {
                    command.add("WEIGHTS");
                    for (int i = 0; i < keys; i++) {
                        command.add(oneOf("1", "2", "-1", "0", "0.5", "inf", random.nextInt(5) == 0 ? "x" : "3"));
                    }
                }
                case 1 -> command.addAll(List.of("AGGREGATE", oneOf("SUM", "MIN", "MAX", "max", "FOO")));
                case 2 -> command.add("WITHSCORES");
                case 3 -> command.addAll(List.of("LIMIT", oneOf("0", "1", "2", "-1", "x")));
                default -> command.add("FOO");
            }
        }
        return command.toArray(String[]::new);
    }

    /** What chance decides is asked for where it cannot choose. */
    private String[] walk() {
        return switch (random.nextInt(5)) {
            case 0 -> command("ZRANDMEMBER", name(), "0", "WITHSCORES");
            case 1 -> command("ZRANDMEMBER", name(), oneOf("x", "-9223372036854775808", "9223372036854775807"),
                    "WITHSCORES");
            case 2 -> command("ZRANDMEMBER", "none", oneOf("1", "-1"));
            default -> command("ZSCAN", set(), "0", "COUNT", "1000", "MATCH", oneOf("*", "m*", "m?", "[0-9]*"));
        };
    }

    private static String[] command(String... arguments) {
        return arguments;
    }

    private String oneOf(String... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private String set() {
        return "z" + random.nextInt(4);
    }

    /** A set whose members have one score, as ranges by name ask. */
    private String equalSet() {
        return "e" + random.nextInt(2);
    }

    private String name() {
        return random.nextInt(12) == 0 ? oneOf("k", "l") + random.nextInt(3) : set();
    }

    private String score() {
        return random.nextInt(12) == 0
                ? oneOf(WRONG_SCORES)
                : random.nextBoolean() ? oneOf(SCORES) : Integer.toString(random.nextInt(-20, 20));
    }

    private String member() {
        return switch (random.nextInt(5)) {
            case 0 -> oneOf("", "a", "007", "\u00ff\0", "m", "longer than the others");
            case 1 -> Integer.toString(random.nextInt(8));
            default -> "m" + random.nextInt(12);
        };
    }
}

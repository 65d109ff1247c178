package dev.cistern.engine.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Makes up commands on hashes and sets that two servers must answer alike: right ones, wrong ones, and the borders.
 *
 * <p>Leaves out what depends on chance, and deadlines of fields, which only newer originals have.
 */
final class RandomCollectionCommands {
    private static final String[] NUMBERS = {"0", "1", "-1", "7", "300", "70000", "9223372036854775807",
            "-9223372036854775808", "9223372036854775808", "1.5", "x", "", "+1", "01"};
    private static final String[] FLOATS = {"0.1", "-0.25", "3.0e3", "1e20", "-1e-7", "inf", "nan", " 1", "abc"};
    private static final String LONG = "a text that is longer than a packed collection allows";

    private final SplittableRandom random;

    RandomCollectionCommands(SplittableRandom random) {
        this.random = random;
    }

    String[] next() {
        return switch (random.nextInt(8)) {
            case 0 -> key();
            case 1, 2, 3 -> hash();
            case 4, 5, 6 -> set();
            default -> combination();
        };
    }

    private String[] key() {
        return switch (random.nextInt(12)) {
            case 0 -> command(oneOf("DEL", "UNLINK"), name());
            case 1 -> command("EXISTS", name(), name());
            case 2, 3 -> command("TYPE", name());
            case 4, 5 -> command(oneOf("RENAME", "RENAMENX"), name(), name());
            case 6 -> command("COPY", name(), name(), "REPLACE");
            case 7 -> command("PEXPIREAT", name(), oneOf("4102444800000", "4102444800001", "1"), oneOf("NX", "GT"));
            case 8 -> command("PEXPIRETIME", name());
            case 9 -> command("PERSIST", name());
            default -> command("OBJECT", "ENCODING", name());
        };
    }

    private String[] hash() {
        String key = name();
        return switch (random.nextInt(18)) {
            case 0, 1, 2, 3 -> many("HSET", key, true);
            case 4 -> many("HMSET", key, true);
            case 5 -> command("HSETNX", key, element(), value());
            case 6 -> command("HGET", key, element());
            case 7 -> many("HMGET", key, false);
            case 8, 9 -> many("HDEL", key, false);
            case 10 -> command(oneOf("HLEN", "HKEYS", "HVALS"), key);
            case 11 -> command("HGETALL", key);
            case 12 -> command(oneOf("HEXISTS", "HSTRLEN"), key, element());
            case 13, 14 -> command("HINCRBY", key, element(), number());
            case 15 -> command("HINCRBYFLOAT", key, element(), oneOf(FLOATS));
            case 16 -> command("HSCAN", key, "0", "COUNT", "1000", "MATCH", oneOf("*", "e*", "?", "1*"));
            default -> command("HRANDFIELD", key, oneOf("0", "1000", "x"));
        };
    }

    private String[] set() {
        String key = name();
        return switch (random.nextInt(14)) {
            case 0, 1, 2, 3, 4 -> many("SADD", key, false);
            case 5, 6 -> many("SREM", key, false);
            case 7 -> command("SISMEMBER", key, element());
            case 8 -> many("SMISMEMBER", key, false);
            case 9 -> command(oneOf("SCARD", "SMEMBERS"), key);
            case 10 -> command("SMOVE", key, name(), element());
            case 11 -> command("SSCAN", key, "0", "COUNT", "1000", "MATCH", oneOf("*", "e*", "?", "1*"));
            case 12 -> command("SPOP", key, oneOf("0", "1000", "-1", "x"));
            default -> command("SRANDMEMBER", key, oneOf("0", "1000", "x"));
        };
    }

    private String[] combination() {
        return switch (random.nextInt(4)) {
            case 0, 1 -> command(oneOf("SINTER", "SDIFF", "SUNION"), name(), name(), name());
            case 2 -> command(oneOf("SINTERSTORE", "SDIFFSTORE", "SUNIONSTORE"), name(), name(), name());
            default -> command("SINTERCARD", oneOf("1", "2", "3", "0", "x"), name(), name(),
                    oneOf("LIMIT", name()), oneOf("0", "1", "2", "-1"));
        };
    }

    /** A command with a few elements, each followed by a value if it asks {@code pairs}, and now and then by one too few. */
    private String[] many(String name, String key, boolean pairs) {
        List<String> command = new ArrayList<>(List.of(name, key));
        do {
            command.add(element());
            if (pairs && random.nextInt(40) != 0) {
                command.add(value());
            }
        } while (random.nextInt(3) != 0);
        return command.toArray(String[]::new);
    }

    private String element() {
        return switch (random.nextInt(10)) {
            case 0 -> number();
            case 1 -> random.nextInt(6) == 0 ? LONG : "";
            case 2, 3, 4 -> Integer.toString(random.nextInt(12));
            default -> "e" + random.nextInt(10);
        };
    }

    private String value() {
        return switch (random.nextInt(6)) {
            case 0, 1 -> number();
            case 2 -> oneOf(FLOATS);
            case 3 -> random.nextInt(8) == 0 ? LONG : "";
            default -> "v" + random.nextInt(100);
        };
    }

    private String number() {
        return random.nextBoolean() ? oneOf(NUMBERS) : Long.toString(random.nextLong() >> random.nextInt(64));
    }

    /** Mostly one of a few keys of either type, so that most commands meet what they are for. */
    private String name() {
        return random.nextInt(30) == 0 ? "k" + random.nextInt(5) : "c" + random.nextInt(5);
    }

    private static String[] command(String... arguments) {
        return arguments;
    }

    private String oneOf(String... choices) {
        return choices[random.nextInt(choices.length)];
    }
}

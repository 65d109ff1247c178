package dev.cistern.engine.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Makes up commands on strings, keys and collections that two servers must answer alike: right ones, wrong ones, and the borders.
 *
 * <p>Leaves out what depends on the moment (relative times), on chance, or on the version of the original.
 */
final class RandomCommands {
    private static final String[] NUMBERS = {"0", "1", "-1", "7", "63", "64", "9223372036854775807",
            "-9223372036854775808", "9223372036854775806", "9223372036854775808", "1.5", "x", "", "+1", "01", "-0"};
    private static final String[] FLOATS = {"0.1", "-0.25", "3.0e3", "1e20", "-1e-7", "123456789.123456789", "0x1.8p3",
            "inf", "nan", "1e5000", " 1", "5.", ".5"};
    private static final String[] DEADLINES = {"4102444800000", "4102444800001", "4102444801500", "9223372036854775807",
            "1", "0", "-1", "x"};
    private static final String[] TYPES = {"u1", "u4", "u8", "u16", "u63", "i1", "i3", "i8", "i33", "i64", "u64", "i0"};
    /** Where BITOP writes: its result has another encoding in the original, so nobody asks for that of this key. */
    private static final String BIT_TARGET = "bits";

    private final SplittableRandom random;
    private final RandomListCommands lists;
    private final RandomCollectionCommands collections;
    private final RandomSortedSetCommands sortedSets;
    private final RandomGeoCommands places;

    RandomCommands(long seed) {
        random = new SplittableRandom(seed);
        lists = new RandomListCommands(random);
        collections = new RandomCollectionCommands(random);
        sortedSets = new RandomSortedSetCommands(random);
        places = new RandomGeoCommands(random);
    }

    String[] next() {
        return switch (random.nextInt(16)) {
            case 0 -> random.nextInt(3) == 0 ? sort() : key();
            case 1 -> bits();
            case 2 -> part();
            case 3, 4 -> lists.next();
            case 5, 6, 7, 8 -> collections.next();
            case 9, 10, 11 -> sortedSets.next();
            case 12 -> places.next();
            default -> whole();
        };
    }

    private String[] whole() {
        return switch (random.nextInt(13)) {
            case 0, 1, 2 -> set();
            case 3 -> command("GET", name());
            case 4 -> command("SETNX", name(), value());
            case 5 -> command("GETSET", name(), value());
            case 6 -> random.nextInt(4) == 0 ? command("GETDEL", name()) : command("STRLEN", name());
            case 7 -> getEx();
            case 8 -> command("MGET", name(), name(), name());
            case 9 -> command(oneOf("MSET", "MSETNX"), name(), value(), name(), value());
            case 10 -> command(oneOf("INCR", "DECR"), name());
            case 11 -> command(oneOf("INCRBY", "DECRBY"), name(), number());
            default -> command("INCRBYFLOAT", name(), random.nextBoolean() ? oneOf(FLOATS) : number());
        };
    }

    private String[] set() {
        List<String> command = new ArrayList<>(List.of("SET", name(), value()));
        while (random.nextInt(3) == 0) {
            switch (random.nextInt(6)) {
                case 0 -> command.add(oneOf("NX", "nx"));
                case 1 -> command.add("XX");
                case 2 -> command.add("GET");
                case 3 -> command.add("KEEPTTL");
                case 4 -> command.addAll(List.of("PXAT", oneOf(DEADLINES)));
                default ->
                    command.addAll(List.of("EXAT", oneOf("4102444800", "4102444801", "0", "9223372036854775807")));
            }
        }
        return command.toArray(String[]::new);
    }

    private String[] getEx() {
        return random.nextBoolean()
                ? command("GETEX", name(), oneOf("PXAT", "EXAT"), oneOf(DEADLINES))
                : command("GETEX", name(), "PERSIST");
    }

    private String[] part() {
        return switch (random.nextInt(6)) {
            case 0, 1 -> command("APPEND", name(), value());
            case 2 -> command(oneOf("GETRANGE", "SUBSTR"), name(), index(), index());
            case 3 -> command("SETRANGE", name(), index(), value());
            case 4 -> command("LCS", name(), name(), oneOf("LEN", "IDX", "WITHMATCHLEN", "FOO"));
            default -> command("LCS", name(), name(), "IDX", "MINMATCHLEN", Integer.toString(random.nextInt(4)),
                    "WITHMATCHLEN");
        };
    }

    private String[] key() {
        return switch (random.nextInt(14)) {
            case 0 -> command(oneOf("DEL", "UNLINK", "EXISTS", "TOUCH"), name(), name());
            case 1 -> command("TYPE", name());
            case 2, 3 -> expire();
            case 4 -> command(oneOf("EXPIRETIME", "PEXPIRETIME"), name());
            case 5 -> command("PERSIST", name());
            case 6 -> command(oneOf("RENAME", "RENAMENX"), name(), name());
            case 7 -> command("COPY", name(), name());
            case 8 -> command("COPY", name(), name(), oneOf("REPLACE", "FOO"));
            case 9 -> command("COPY", name(), name(), "DB", oneOf("0", "16", "x"));
            case 10, 11 -> command("OBJECT", "ENCODING", name());
            case 12 -> command("KEYS", oneOf("*", "k?", "k[0-2]", "k[^0-2]", "?*", "k\\3", "[", ""));
            default -> command("SCAN", "0", "COUNT", "1000", "MATCH", oneOf("*", "k[1-3]", "*1*"));
        };
    }

    private String[] expire() {
        boolean seconds = random.nextBoolean();
        List<String> command = new ArrayList<>(List.of(seconds ? "EXPIREAT" : "PEXPIREAT", name(),
                seconds ? oneOf("4102444800", "4102444802", "1", "x", "9223372036854775807") : oneOf(DEADLINES)));
        while (random.nextInt(2) == 0) {
            command.add(oneOf("NX", "XX", "GT", "LT", "gt", "FOO"));
        }
        return command.toArray(String[]::new);
    }

    /** Sets are always sorted: they come in each server's own order else. */
    private String[] sort() {
        List<String> command = new ArrayList<>(List.of("SORT", name()));
        while (random.nextInt(3) != 0) {
            switch (random.nextInt(7)) {
                case 0 -> command.add(oneOf("ALPHA", "alpha"));
                case 1 -> command.add(oneOf("DESC", "ASC"));
                case 2 -> command.addAll(List.of("LIMIT", integer(), integer()));
                case 3 -> command.addAll(List.of("GET", oneOf("#", "k*", "k*->a", "*", "k1", "k*->")));
                case 4 -> command.addAll(List.of("STORE", name()));
                case 5 -> command.add(oneOf("FOO", "LIMIT", "GET"));
                default -> command.add("ALPHA");
            }
        }
        return command.toArray(String[]::new);
    }

    private String[] bits() {
        return switch (random.nextInt(9)) {
            case 0 -> command("SETBIT", name(), offset(), oneOf("0", "1", "1", "2"));
            case 1 -> command("GETBIT", name(), offset());
            case 2 -> command("BITCOUNT", oneOf(name(), BIT_TARGET));
            case 3 -> command("BITCOUNT", oneOf(name(), BIT_TARGET), integer(), integer(), oneOf("BIT", "BYTE"));
            case 4 -> command("BITPOS", oneOf(name(), BIT_TARGET), oneOf("0", "1", "2"), integer());
            case 5 -> command("BITPOS", name(), oneOf("0", "1"), integer(), integer(), oneOf("BIT", "BYTE", "bit"));
            case 6 -> command("BITOP", oneOf("AND", "OR", "XOR", "NOT"), BIT_TARGET, name(), oneOf(name(), BIT_TARGET));
            case 7 -> command("BITOP", "NOT", BIT_TARGET, name());
            default -> bitField();
        };
    }

    private String[] bitField() {
        List<String> command = new ArrayList<>(List.of("BITFIELD", name()));
        do {
            switch (random.nextInt(4)) {
                case 0 -> command.addAll(List.of("GET", oneOf(TYPES), offset()));
                case 1 -> command.addAll(List.of("SET", oneOf(TYPES), offset(), number()));
                case 2 -> command.addAll(List.of("INCRBY", oneOf(TYPES), offset(), number()));
                default -> command.addAll(List.of("OVERFLOW", oneOf("WRAP", "SAT", "FAIL", "fail")));
            }
        } while (random.nextInt(3) != 0);
        return command.toArray(String[]::new);
    }

    private static String[] command(String... arguments) {
        return arguments;
    }

    private String oneOf(String... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private String name() {
        int number = random.nextInt(9);
        return number == 8 ? "" : "k" + number % 5;
    }

    private String value() {
        return switch (random.nextInt(5)) {
            case 0 -> number();
            case 1 -> oneOf(FLOATS);
            case 2 -> text("ab", random.nextInt(60));
            default -> text("ab1\0\u00ff\u0080\r\n", random.nextInt(20));
        };
    }

    private String text(String alphabet, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }

    private String number() {
        return random.nextBoolean() ? oneOf(NUMBERS) : Long.toString(random.nextLong() >> random.nextInt(64));
    }

    private String integer() {
        return Integer.toString(random.nextInt(-80, 80));
    }

    private String index() {
        return random.nextInt(8) == 0 ? oneOf(NUMBERS) : integer();
    }

    private String offset() {
        return switch (random.nextInt(8)) {
            case 0 -> oneOf(NUMBERS);
            case 1 -> "#" + random.nextInt(5);
            default -> Integer.toString(random.nextInt(300));
        };
    }
}

package dev.cistern.engine.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Makes up commands on streams and their groups that two servers must answer alike.
 *
 * <p>Leaves out ids that the server makes from its clock, and times that differ by the milliseconds between two servers;
 * what a pending entry's age decides is either far on one side or far on the other.
 */
final class RandomStreamCommands {
    private static final String[] ODD_IDS = {"-", "+", "$", ">", "*", "x", "", "0", "0-0", "0-1", "5-*",
            "18446744073709551615",
            "18446744073709551615-18446744073709551615", "18446744073709551616", "9223372036854775808-1", "1-2-3", "-5",
            "5-",
            "+5", " 5", "05-01", "(5", "(", "(-", "(0-0", "(18446744073709551615-18446744073709551615", "5--1"};
    private static final String[] GROUPS = {"g", "h"};
    private static final String[] CONSUMERS = {"alice", "bob", "carol"};

    private final SplittableRandom random;
    private long lastMillis = 1;

    RandomStreamCommands(long seed) {
        random = new SplittableRandom(seed);
    }

    String[] next() {
        return switch (random.nextInt(40)) {
            case 0 -> command("XLEN", name());
            case 1, 2 -> deletion();
            case 3, 4 -> trim();
            case 5, 6, 7, 8 -> range();
            case 9 -> setId();
            case 10, 11, 12 -> read();
            case 13, 14, 15, 16, 17, 18 -> readGroup();
            case 19, 20, 21, 22 -> group();
            case 23, 24 -> command("XACK", name(), group(1), pastId(), pastId(), pastId());
            case 25, 26 -> pending();
            case 27, 28 -> claim();
            case 29, 30 -> autoClaim();
            case 31, 32, 33 -> info();
            case 34 -> key();
            default -> add();
        };
    }

    private static String[] command(String... arguments) {
        return arguments;
    }

    private String oneOf(String... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private boolean rarely() {
        return random.nextInt(25) == 0;
    }

    private String name() {
        return rarely() ? oneOf("text", "none") : random.nextInt(3) == 0 ? "t" : "s";
    }

    private String group(int ofThem) {
        return rarely() ? "nobody" : GROUPS[random.nextInt(Math.min(ofThem, GROUPS.length))];
    }

    private String consumer() {
        return oneOf(CONSUMERS);
    }

    private String oddId() {
        return oneOf(ODD_IDS);
    }

    private String pastId() {
        if (rarely()) {
            return oddId();
        }
        long millis = Math.max(0, lastMillis - random.nextInt(30));
        return random.nextBoolean() ? millis + "-" + random.nextInt(3) : Long.toString(millis);
    }

    private String count() {
        return rarely() ? oneOf("0", "-1", "x", "9223372036854775807") : Integer.toString(random.nextInt(1, 12));
    }

    private String[] add() {
        List<String> command = new ArrayList<>(List.of("XADD", name()));
        if (random.nextInt(6) == 0) {
            command.add("NOMKSTREAM");
        }
        if (random.nextInt(5) == 0) {
            addTrimming(command);
        }
        lastMillis += random.nextInt(3);
        command.add(rarely()
                ? oneOf("0-0", "0", "x", "5-*", "1-x", "-", "(5-5")
                : random.nextInt(3) == 0 ? lastMillis + "-*" : lastMillis + "-" + random.nextInt(4));
        int fields = rarely() ? 0 : random.nextInt(4) == 0 ? random.nextInt(1, 4) : 1;
        for (int i = 0; i < fields; i++) {
            command.add(random.nextInt(5) == 0 ? text() : "field" + i);
            command.add(text());
        }
        if (rarely()) {
            command.add("odd");
        }
        return command.toArray(String[]::new);
    }

    private String text() {
        return switch (random.nextInt(4)) {
            case 0 -> Long.toString(random.nextLong() >> random.nextInt(64));
            case 1 -> "v".repeat(random.nextInt(130));
            default -> "text" + random.nextInt(100);
        };
    }

    private void addTrimming(List<String> command) {
        boolean byLength = random.nextBoolean();
        command.add(byLength ? oneOf("MAXLEN", "maxlen") : "MINID");
        if (random.nextInt(2) == 0) {
            command.add(oneOf("~", "~", "="));
        }
        command.add(byLength ? Integer.toString(random.nextInt(-1, 60)) : pastId());
        if (random.nextInt(4) == 0) {
            command.add("LIMIT");
            command.add(oneOf("0", "10", "200", "-1", "x"));
        }
        if (rarely()) {
            command.addAll(List.of("MINID", "5"));
        }
    }

    private String[] trim() {
        List<String> command = new ArrayList<>(List.of("XTRIM", name()));
        addTrimming(command);
        if (rarely()) {
            command.add("FOO");
        }
        return command.toArray(String[]::new);
    }

    private String[] deletion() {
        return random.nextInt(4) == 0
                ? command("XDEL", name(), pastId())
                : command("XDEL", name(), pastId(), pastId(), pastId());
    }

    private String border(boolean first) {
        return switch (random.nextInt(6)) {
            case 0, 1 -> first ? "-" : "+";
            case 2 -> "(" + pastId();
            default -> pastId();
        };
    }

    private String[] range() {
        boolean backwards = random.nextBoolean();
        List<String> command = new ArrayList<>(List.of(backwards ? "XREVRANGE" : "XRANGE", name(), border(!backwards),
                border(backwards)));
        if (random.nextBoolean()) {
            command.addAll(List.of("COUNT", count()));
        }
        if (rarely()) {
            command.add("COUNT");
        }
        return command.toArray(String[]::new);
    }

    /** Ahead of what was deleted: since 7.2 a stream cannot be set back behind that. */
    private String[] setId() {
        List<String> command = new ArrayList<>(List.of("XSETID", name(), lastMillis + random.nextInt(1, 4) + "-1"));
        if (random.nextInt(3) == 0) {
            command.addAll(List.of("ENTRIESADDED", Integer.toString(random.nextInt(-1, 300))));
        }
        if (random.nextInt(3) == 0) {
            command.addAll(List.of("MAXDELETEDID", pastId()));
        }
        return command.toArray(String[]::new);
    }

    private String[] read() {
        List<String> command = new ArrayList<>(List.of("XREAD"));
        if (random.nextBoolean()) {
            command.addAll(List.of("COUNT", count()));
        }
        addStreams(command, rarely() ? ">" : pastId());
        return command.toArray(String[]::new);
    }

    private void addStreams(List<String> command, String id) {
        if (rarely()) {
            command.add(oneOf("NOACK", "GROUP", "BLOCK", "FOO"));
        }
        command.add("STREAMS");
        if (random.nextInt(3) == 0) {
            command.addAll(List.of("s", "t", id, rarely() ? oneOf("$", "x", "0") : id));
        } else {
            command.addAll(List.of(name(), id));
        }
    }

    private String[] readGroup() {
        List<String> command = new ArrayList<>(List.of("XREADGROUP", "GROUP", group(2), consumer()));
        command.addAll(List.of("COUNT", count()));
        if (random.nextInt(5) == 0) {
            command.add("NOACK");
        }
        addStreams(command, switch (random.nextInt(6)) {
            case 0 -> "0";
            case 1 -> pastId();
            case 2 -> rarely() ? "$" : ">";
            default -> ">";
        });
        return command.toArray(String[]::new);
    }

    private String[] group() {
        List<String> command = new ArrayList<>(List.of("XGROUP"));
        switch (random.nextInt(12)) {
            case 0 -> command.addAll(List.of("DESTROY", name(), group(2)));
            case 1 -> command.addAll(List.of("DELCONSUMER", name(), group(2), consumer()));
            case 2 -> command.addAll(List.of("CREATECONSUMER", name(), group(2), consumer()));
            case 3 -> command.addAll(List.of("SETID", name(), group(2), rarely() ? oneOf("-", "+", "x") : pastId()));
            case 4 -> command.addAll(List.of("SETID", name(), group(2), oneOf("$", "0"), "ENTRIESREAD",
                    oneOf("0", "3", "-1", "-2", "x")));
            case 5 -> command.addAll(List.of("CREATE", name(), group(2), "$", "MKSTREAM", "ENTRIESREAD",
                    oneOf("0", "7", "-1", "-2")));
            case 6 -> command.addAll(List.of("CREATE", name(), group(2), pastId(), "FOO"));
            default -> command.addAll(List.of("CREATE", name(), group(2), oneOf("$", "0", pastId()), "MKSTREAM"));
        }
        if (random.nextInt(3) == 0) {
            return command("XGROUP", "CREATE", name(), group(2), "0");
        }
        return command.toArray(String[]::new);
    }

    private String[] pending() {
        return switch (random.nextInt(5)) {
            case 0 -> command("XPENDING", name(), group(2));
            case 1 -> command("XPENDING", name(), group(2), border(true), border(false), count());
            case 2 -> command("XPENDING", name(), group(2), border(true), border(false), count(), consumer());
            case 3 -> command("XPENDING", name(), group(2), "IDLE", "50000", "-", "+", count());
            default -> command("XPENDING", name(), group(2), "IDLE", "0", border(true), border(false), count(),
                    oneOf("alice", "nobody"));
        };
    }

    private String[] claim() {
        List<String> command = new ArrayList<>(List.of("XCLAIM", name(), group(2), consumer(),
                rarely() ? oneOf("x", "-1") : oneOf("0", "50000"), pastId(), pastId()));
        while (random.nextInt(2) == 0) {
            switch (random.nextInt(7)) {
                case 0 -> command.addAll(List.of("IDLE", oneOf("100000", "0", "x")));
                case 1 -> command.addAll(List.of("TIME", oneOf("1000", "0")));
                case 2 -> command.addAll(List.of("RETRYCOUNT", oneOf("3", "0", "-1", "x")));
                case 3 -> command.add("JUSTID");
                case 4 -> command.addAll(List.of("LASTID", pastId()));
                default -> command.add(rarely() ? "FOO" : "FORCE");
            }
        }
        return command.toArray(String[]::new);
    }

    private String[] autoClaim() {
        List<String> command = new ArrayList<>(List.of("XAUTOCLAIM", name(), group(2), consumer(),
                oneOf("0", "50000"), random.nextBoolean() ? "0" : border(true)));
        if (random.nextBoolean()) {
            command.addAll(List.of("COUNT", count()));
        }
        if (random.nextInt(3) == 0) {
            command.add(rarely() ? "FOO" : "JUSTID");
        }
        return command.toArray(String[]::new);
    }

    private String[] info() {
        return switch (random.nextInt(6)) {
            case 0 -> command("XINFO", "STREAM", name());
            case 1 -> command("XINFO", "CONSUMERS", name(), group(2));
            case 2 -> command("XINFO", "STREAM", name(), "FULL", "COUNT", oneOf("0", "3", "-1", "x"));
            case 3 -> command("XINFO", "STREAM", name(), rarely() ? "FOO" : "FULL");
            default -> command("XINFO", "GROUPS", name());
        };
    }

    private String[] key() {
        return switch (random.nextInt(8)) {
            case 0 -> command("SET", "text", "v");
            case 1 -> command("DEL", name());
            case 2 -> command("COPY", "s", "t", "REPLACE");
            case 3 -> command("RENAME", "t", "s");
            case 4 -> command("TYPE", name());
            case 5 -> command("OBJECT", "ENCODING", name());
            case 6 -> command("GET", name());
            default -> command("SCAN", "0", "COUNT", "1000", "TYPE", "stream");
        };
    }
}

package dev.cistern.engine.commands;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * Makes up what a session does beyond single commands on keys: transactions, other databases, scripts that run commands,
 * sketches, waiting, and commands that are wrong in form. Takes the commands themselves from another source.
 *
 * <p>Leaves out what depends on the moment, on chance, on the server's own names, or on the version of the original.
 */
final class RandomSessionCommands {
    /**
     * Where a wrong argument would wait for ever, tell of chance, or walk in an order of the server's own, and those that
     * take more arguments since 7.0.
     */
    private static final Set<String> LEFT_WHOLE = Set.of("SPOP", "SRANDMEMBER", "HRANDFIELD", "ZRANDMEMBER",
            "RANDOMKEY", "CONFIG", "EVAL", "EVAL_RO", "SCAN", "SSCAN", "HSCAN", "ZSCAN", "BLPOP", "BRPOP", "BLMOVE",
            "BRPOPLPUSH", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "OBJECT", "SORT", "SORT_RO", "SELECT", "HELLO",
            "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "GEOSEARCH", "GEOSEARCHSTORE", "XREAD", "XREADGROUP",
            "ZRANK", "ZREVRANK", "XADD", "XCLAIM", "XAUTOCLAIM", "XPENDING", "XINFO", "XGROUP", "XSETID", "SUBSCRIBE");

    private final SplittableRandom random;
    private final Supplier<String[]> commands;
    private boolean inTransaction;

    RandomSessionCommands(long seed, Supplier<String[]> commands) {
        this.random = new SplittableRandom(seed * 31 + 7);
        this.commands = commands;
    }

    String[] next() {
        if (random.nextInt(4) != 0) {
            String[] command = timely(commands.get());
            return random.nextInt(12) == 0 ? misshapen(command) : command;
        }
        return switch (random.nextInt(12)) {
            case 0, 1, 2 -> transaction();
            case 3 -> database();
            case 4, 5 -> script();
            case 6, 7 -> sketch();
            case 8 -> inTransaction ? sketch() : waiting();
            case 9 -> keysOf();
            case 10 -> talk();
            default -> unknown();
        };
    }

    /** No SET with a time that is over: 7.0 has the key for a moment, which watchers notice. */
    private String[] timely(String[] command) {
        boolean isOver = command[0].equals("SET")
                && Arrays.stream(command).skip(3).anyMatch(List.of("0", "1", "-1")::contains);
        return isOver ? command("GET", command[1]) : command;
    }

    private String[] transaction() {
        if (inTransaction) {
            inTransaction = false;
            return command(random.nextInt(5) == 0 ? "DISCARD" : "EXEC");
        }
        return switch (random.nextInt(6)) {
            case 0 -> command("WATCH", name(), name());
            case 1 -> command(oneOf("UNWATCH", "EXEC", "DISCARD"));
            default -> {
                inTransaction = true;
                yield command("MULTI");
            }
        };
    }

    private String[] database() {
        return switch (random.nextInt(6)) {
            case 0, 1 -> command("SELECT", oneOf("0", "1", "0", "x", "16", "-1"));
            case 2, 3 -> command("MOVE", name(), oneOf("0", "1", "x", "99"));
            case 4 -> command("SWAPDB", oneOf("0", "1", "x"), oneOf("0", "1", "77"));
            default -> command("COPY", name(), name(), "DB", oneOf("0", "1", "x"), oneOf("REPLACE", "FOO"));
        };
    }

    /** A script that runs one command, and does nothing of its own with the reply. */
    private String[] script() {
        String[] inner = timely(commands.get());
        if (LEFT_WHOLE.contains(inner[0]) && !inner[0].startsWith("SORT")) {
            inner = command("GET", name());
        }
        String[] all = new String[3 + inner.length];
        all[0] = random.nextInt(5) == 0 ? "EVAL_RO" : "EVAL";
        all[1] = "return redis.pcall(unpack(ARGV))";
        all[2] = "0";
        System.arraycopy(inner, 0, all, 3, inner.length);
        return all;
    }

    private String[] sketch() {
        return switch (random.nextInt(6)) {
            case 0, 1, 2 -> command("PFADD", sketchName(), element(), element(), element());
            case 3 -> command("PFCOUNT", sketchName(), sketchName());
            case 4 -> command("PFCOUNT", random.nextInt(4) == 0 ? name() : sketchName());
            default -> command("PFMERGE", sketchName(), sketchName(), random.nextInt(4) == 0 ? name() : sketchName());
        };
    }

    /** Never for long: nobody else will give what is waited for. */
    private String[] waiting() {
        String timeout = random.nextInt(4) == 0 ? oneOf("x", "-1", "nan") : "0.001";
        String key = random.nextInt(3) == 0 ? name() : oneOf("l0", "l1", "z0", "z1");
        return switch (random.nextInt(7)) {
            case 0 -> command(oneOf("BLPOP", "BRPOP", "BZPOPMIN", "BZPOPMAX"), key, name(), timeout);
            case 1 -> command("BLMOVE", key, name(), oneOf("LEFT", "RIGHT"), oneOf("LEFT", "UP"), timeout);
            case 2 -> command("BRPOPLPUSH", key, name(), timeout);
            case 3 ->
                command("BLMPOP", timeout, "2", key, name(), oneOf("LEFT", "RIGHT"), "COUNT", oneOf("1", "3", "0"));
            case 4 -> command("BZMPOP", timeout, "1", key, oneOf("MIN", "MAX", "MID"));
            default -> command("PFCOUNT", sketchName());
        };
    }

    private String[] keysOf() {
        String[] inner = commands.get();
        String[] all = new String[2 + inner.length];
        all[0] = "COMMAND";
        all[1] = "GETKEYS";
        System.arraycopy(inner, 0, all, 2, inner.length);
        return all;
    }

    private String[] talk() {
        return switch (random.nextInt(7)) {
            case 0 -> command("PING");
            case 1 -> command("PING", element());
            case 2 -> command("ECHO", element());
            case 3 -> command("CLIENT", "SETNAME", oneOf("me", "", "a b"));
            case 4 -> command("CLIENT", "GETNAME");
            case 5 -> command("PUBLISH", "nobody", element());
            default -> command("PUBSUB", oneOf("NUMPAT", "CHANNELS", "NUMSUB"));
        };
    }

    private String[] unknown() {
        return switch (random.nextInt(4)) {
            case 0 -> command("NOSUCH", element(), "with two words", element());
            case 1 -> command(oneOf("CLIENT", "OBJECT", "XINFO", "CONFIG"), "NOSUCH", element());
            case 2 -> command("");
            default -> command(oneOf("GET", "SET", "LPUSH", "CLIENT", "EVAL", "ZADD"));
        };
    }

    /** An argument more, less, or another; or small letters. */
    private String[] misshapen(String[] command) {
        if (LEFT_WHOLE.contains(command[0])) {
            return command;
        }
        List<String> changed = new ArrayList<>(Arrays.asList(command));
        int at = 1 + random.nextInt(Math.max(1, command.length - 1));
        switch (random.nextInt(5)) {
            case 0 -> changed.set(0, command[0].toLowerCase(Locale.ROOT));
            case 1 -> changed.add(Math.min(at, changed.size()), element());
            case 2 -> changed.remove(Math.min(at, changed.size() - 1));
            case 3 -> changed.add(changed.getLast());
            default -> changed.set(Math.min(at, changed.size() - 1), element());
        }
        return changed.getFirst().isEmpty() || changed.isEmpty() ? command : changed.toArray(String[]::new);
    }

    private static String[] command(String... arguments) {
        return arguments;
    }

    private String oneOf(String... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private String name() {
        return oneOf("k", "c", "l", "z") + random.nextInt(4);
    }

    private String sketchName() {
        return "p" + random.nextInt(4);
    }

    private String element() {
        return oneOf("a", "b", "1", "-7", "x", "", "0", "\r\n", "e" + random.nextInt(500), "COUNT", "NX");
    }
}

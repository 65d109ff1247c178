package dev.cistern.engine.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Makes up commands on places that two servers must answer alike; a part of {@link RandomCommands}. */
final class RandomGeoCommands {
    private static final String[] EDGES = {"0", "180", "-180", "85.05112878", "-85.05112878", "181", "86", "-86", "x",
            "inf", "1e-10"};
    private static final String[] UNITS = {"m", "km", "ft", "mi", "KM", "foo"};

    private final SplittableRandom random;

    RandomGeoCommands(SplittableRandom random) {
        this.random = random;
    }

    String[] next() {
        return switch (random.nextInt(8)) {
            case 0, 1 -> add();
            case 2 -> command("GEOPOS", name(), place(), place());
            case 3 -> command("GEOHASH", name(), place(), place());
            case 4 -> random.nextInt(3) == 0
                    ? command("GEODIST", name(), place(), place())
                    : command("GEODIST", name(), place(), place(), unit());
            case 5 -> radius();
            default -> search();
        };
    }

    private String[] add() {
        List<String> command = new ArrayList<>(List.of("GEOADD", set()));
        while (random.nextInt(4) == 0) {
            command.add(oneOf("NX", "XX", "CH"));
        }
        do {
            command.addAll(List.of(degrees(180), degrees(85), place()));
        } while (random.nextInt(3) != 0);
        return command.toArray(String[]::new);
    }

    private String[] radius() {
        List<String> command = new ArrayList<>(random.nextBoolean()
                ? List.of(oneOf("GEORADIUS", "GEORADIUS_RO"), name(), near(), near())
                : List.of(oneOf("GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO"), name(), place()));
        command.addAll(List.of(length(), unit()));
        options(command);
        if (random.nextInt(4) == 0) {
            command.addAll(List.of(oneOf("STORE", "STOREDIST"), target()));
        }
        return command.toArray(String[]::new);
    }

    private String[] search() {
        boolean stores = random.nextInt(4) == 0;
        List<String> command = new ArrayList<>(stores
                ? List.of("GEOSEARCHSTORE", target(), name())
                : List.of("GEOSEARCH", name()));
        command.addAll(random.nextBoolean()
                ? List.of("FROMLONLAT", near(), near())
                : List.of("FROMMEMBER", place()));
        command.addAll(random.nextBoolean()
                ? List.of("BYRADIUS", length(), unit())
                : List.of("BYBOX", length(), length(), unit()));
        options(command);
        if (random.nextInt(8) == 0) {
            command.add("STOREDIST");
        }
        return command.toArray(String[]::new);
    }

    /** Sorted: in which order the cells are searched is not the same in all versions of the original. */
    private void options(List<String> command) {
        command.add(oneOf("ASC", "DESC", "asc"));
        while (random.nextInt(2) == 0) {
            switch (random.nextInt(5)) {
                case 0 -> command.add("WITHDIST");
                case 1 -> command.add("WITHHASH");
                case 2 -> command.add("WITHCOORD");
                case 3 -> command.addAll(List.of("COUNT", oneOf("1", "2", "5", "0", "x")));
                default -> command.add(random.nextInt(6) == 0 ? "FOO" : "WITHDIST");
            }
        }
    }

    private static String[] command(String... arguments) {
        return arguments;
    }

    private String oneOf(String... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private String set() {
        return "g" + random.nextInt(2);
    }

    /** A result, which is no set of places if it keeps distances. */
    private String target() {
        return "gt" + random.nextInt(2);
    }

    private String name() {
        return random.nextInt(12) == 0 ? oneOf("k", "l", "gt") + random.nextInt(2) : set();
    }

    private String place() {
        return "p" + random.nextInt(12);
    }

    private String degrees(int most) {
        return switch (random.nextInt(8)) {
            case 0 -> oneOf(EDGES);
            case 1 -> Integer.toString(random.nextInt(-most, most + 1));
            default -> Double.toString(Math.round((random.nextDouble() * 40 - 10) * 1e6) / 1e6);
        };
    }

    /** Not near the poles nor half around the earth: there, versions of the original do not find the same. */
    private String near() {
        return random.nextInt(20) == 0
                ? oneOf("181", "x", "-181")
                : Double.toString(Math.round((random.nextDouble() * 40 - 10) * 1e6) / 1e6);
    }

    private String length() {
        return random.nextInt(12) == 0 ? oneOf("0", "-1", "x", "1e-3") : Integer.toString(random.nextInt(1_500));
    }

    private String unit() {
        return random.nextInt(10) == 0 ? oneOf(UNITS) : oneOf("m", "km", "mi", "ft");
    }
}

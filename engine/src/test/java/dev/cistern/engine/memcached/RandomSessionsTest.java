package dev.cistern.engine.memcached;

import dev.cistern.engine.memcached.MemcachedServer.Maker;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The same random commands to us and to the original, cut into pieces at random, must be answered alike. Unique numbers
 * are compared by the order in which they are first seen; remaining seconds not at all, and neither whether an item was
 * fetched, which the original forgets when its maintainer holds an item that is counted up.
 */
final class RandomSessionsTest {
    private static final int SESSIONS = 40 * Integer.getInteger("cistern.effort", 1);
    private static final int GROUPS = 60;

    /**
     * The original does not always answer a session the same way: its threads now and then hold an item while it is
     * counted. A difference counts when it is there each time.
     */
    private static final int TRIES = 4;

    @Test
    void alike() {
        Assumptions.assumeTrue(MemcachedServer.original().isPresent(), "memcached is not installed");
        try (MemcachedServer ours = Maker.CISTERN.start();
                MemcachedServer original = Maker.ORIGINAL.start("lru_crawler", "0", "lru_maintainer", "0")) {
            for (int i = 0; i < SESSIONS; i++) {
                long seed = Long.getLong("cistern.seed", 1) + i;
                String difference = difference(ours, original, seed);
                for (int tries = 1; tries < TRIES && !difference.isEmpty(); tries++) {
                    difference = difference(ours, original, seed);
                }
                assertThat(difference).as("seed %d", seed).isEmpty();
            }
        }
    }

    /** Plays a session to both; answers where they differ, or nothing. */
    private static String difference(MemcachedServer ours, MemcachedServer original, long seed) {
        try (Side left = new Side(ours, seed); Side right = new Side(original, seed)) {
            left.flush();
            right.flush();
            for (int group = 0; group < GROUPS; group++) {
                List<String> expected = right.exchange();
                List<String> actual = left.exchange();
                if (!actual.equals(expected)) {
                    return "group %d: %s\nexpected %s\n but was %s".formatted(group, left.sent, expected, actual);
                }
            }
        }
        return "";
    }

    /** One of the two conversations: both make the same commands of the same seed. */
    private static final class Side implements AutoCloseable {
        private final Wire wire;
        private final SplittableRandom random;
        private final SplittableRandom cuts;
        private final Map<String, Integer> seenNumbers = new HashMap<>();
        private final List<String> numbers = new ArrayList<>();
        private String sent = "";

        Side(MemcachedServer server, long seed) {
            wire = server.connect();
            random = new SplittableRandom(seed);
            cuts = new SplittableRandom(seed + 1);
        }

        void flush() {
            wire.play("> flush_all\n< OK\n");
        }

        List<String> exchange() {
            StringBuilder group = new StringBuilder();
            for (int commands = 1 + random.nextInt(6); commands > 0; commands--) {
                group.append(command());
            }
            sent = group.toString();
            // What each command left behind, whether it was answered or not.
            group.append("\r\n");
            for (int i = 0; i < 9; i++) {
                group.append("me k").append(i).append("\r\n");
            }
            sendInPieces(group.append("\r\nmn\r\n").toString());
            List<String> lines = new ArrayList<>();
            for (String line : wire.linesUntil("MN")) {
                lines.add(comparable(line));
            }
            return lines;
        }

        private void sendInPieces(String text) {
            int at = 0;
            while (at < text.length()) {
                int length = cuts.nextInt(4) == 0
                        ? text.length() - at
                        : Math.min(text.length() - at, 1 + cuts.nextInt(40));
                wire.send(text.substring(at, at + length));
                at += length;
            }
        }

        /**
         * Numbers become the order in which they came. Sizes are left out: a shorter number is written in place and
         * padded by the original only if its crawler does not look at the item just then.
         */
        private String comparable(String line) {
            String[] words = line.split(" ", -1);
            for (int i = 1; i < words.length; i++) {
                boolean isOfValue = words[0].equals("VALUE") && i == 4;
                if (isOfValue || words[i].matches("c\\d+|cas=\\d+")) {
                    words[i] = "c" + order(words[i].replaceAll("\\D", ""));
                } else if (words[i].matches("[tlh]\\d+|la=.*|exp=.*|fetch=.*|size=.*")) {
                    words[i] = "-";
                }
            }
            return String.join(" ", words);
        }

        private int order(String number) {
            return number.equals("0") ? 0 : seenNumbers.computeIfAbsent(number, _ -> {
                numbers.add(number);
                return numbers.size();
            });
        }

        private String pick(String... choices) {
            return choices[random.nextInt(choices.length)];
        }

        /** The original forgets what it answered before, when one of several keys is too long: so none is. */
        private String keyToGet() {
            return "k" + random.nextInt(9);
        }

        private String key() {
            return random.nextInt(30) == 0
                    ? pick("k".repeat(250), "k".repeat(251), "k\u00e9y", "k\tb")
                    : "k" + random.nextInt(8);
        }

        private String data() {
            return switch (random.nextInt(6)) {
                case 0 -> "";
                case 1, 2 -> Long.toUnsignedString(random.nextBoolean() ? random.nextInt(200) : random.nextLong());
                case 3 -> pick(" 7", "7 ", "-7", "+7", "7x", "18446744073709551615");
                case 4 -> "d".repeat(random.nextInt(3000));
                default -> "d".repeat(random.nextInt(30));
            };
        }

        /** A number seen before, or none that there is. */
        private String number() {
            int index = random.nextInt(numbers.size() + 2);
            return index < numbers.size() ? numbers.get(index) : pick("0", "987654321987654321", "x");
        }

        private String exptime() {
            return pick("0", "0", "0", "100", "-1", "2000000000", "2592001", "x", "0x1", "99999999999999999999");
        }

        private String command() {
            return switch (random.nextInt(16)) {
                case 0, 1, 2 -> store(pick("set", "add", "replace", "append", "prepend"), "");
                case 3 -> store("cas", " " + number());
                case 4, 5 -> pick("get ", "gets ", "get  ") + keyToGet()
                        + pick("", " " + keyToGet(), " " + keyToGet() + " " + keyToGet()) + "\r\n";
                case 6 -> pick("gat ", "gats ") + exptime() + " " + keyToGet() + pick("", " " + keyToGet()) + "\r\n";
                case 7 -> pick("incr ", "decr ") + key() + " " + pick("1", "5", "18446744073709551615", "-1", "x")
                        + pick("", "", " noreply") + "\r\n";
                case 8 -> "delete " + key() + pick("", " 0", " noreply", " 0 noreply", " 5") + "\r\n";
                case 9 -> "touch " + key() + " " + exptime() + pick("", " noreply") + "\r\n";
                case 10, 11 -> "mg " + key() + flags("vkfscthq", "T0", "T100", "N30", "R30", "Oabc", "b", "u", "!")
                        + "\r\n";
                case 12, 13 -> metaSet();
                case 14 -> pick("md " + key() + flags("kq", "I", "T30", "Oabc", "C" + number(), "x"),
                        "ma " + key() + flags("kqvct", "N60", "J5", "D7", "MD", "MI", "M+", "MX", "C" + number(), "T0"))
                        + "\r\n";
                default -> pick("verbosity 0\r\n", "nonsense\r\n", "\r\n", "mx\r\n",
                        "me " + key() + "\r\n", "get\r\n", "set a\r\n", "flush_all\r\n", "flush_all x\r\n");
            };
        }

        private String store(String verb, String unique) {
            String data = data();
            int length = random.nextInt(40) == 0 ? data.length() + 1 : data.length();
            return verb + " " + key() + " " + pick("0", "5", "4294967295", "-1", "x") + " " + exptime() + " " + length
                    + unique + pick("", "", " noreply") + "\r\n" + data + "\r\n";
        }

        private String metaSet() {
            String data = data();
            return "ms " + key() + " " + data.length()
                    + flags("kqc", "T0", "T100", "F5", "ME", "MA", "MP", "MR", "MS", "MX",
                            "Oabc", "C" + number(), "b")
                    + "\r\n" + data + "\r\n";
        }

        private String flags(String letters, String... tokens) {
            StringBuilder flags = new StringBuilder();
            for (int count = random.nextInt(5); count > 0; count--) {
                flags.append(' ').append(random.nextBoolean()
                        ? String.valueOf(letters.charAt(random.nextInt(letters.length())))
                        : pick(tokens));
            }
            return flags.toString();
        }

        @Override
        public void close() {
            wire.close();
        }
    }
}

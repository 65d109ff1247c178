package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Requests around every number that COMMAND DOCS knows of: for each argument that is one, the shortest request that has it, with
 * a hole in its place. What else must be there is as plain as can be, and fits the keys of {@link #fill}.
 */
final class NumericRequests {
    /** Where the number goes. */
    static final String HOLE = "\1";
    /** Before the plain value of another number, which may be made extreme as well. */
    private static final String ANOTHER = "\2";

    /** What a command writes to. */
    static final String TARGET = "target";

    private static final Set<String> NUMERIC_TYPES = Set.of("integer", "unix-time", "double");
    /** Their type is not "integer", because they may be something else, too. */
    private static final Set<String> NUMERIC_NAMES = Set.of("id", "lastid", "last-id", "threshold", "start", "end",
            "stop",
            "min", "max", "cursor", "max-deleted-id", "increment");

    private static final Map<String, String> KEYS = Map.of("string", "string", "bitmap", "string", "list", "list",
            "generic",
            "list", "set", "set", "hash", "hash", "sorted-set", "zset", "stream", "stream", "geo", "geo");
    private static final Map<String, String> PLAIN = Map.ofEntries(Map.entry("encoding", "i64"),
            Map.entry("script", "return #KEYS"), Map.entry("function", "f"), Map.entry("pattern", "*"),
            Map.entry("host", "127.0.0.1"), Map.entry("timeout", "0.01"), Map.entry("cursor", "0"),
            Map.entry("protover", "2"), Map.entry("min-idle-time", "0"), Map.entry("ttl", "0"),
            Map.entry("numlocal", "0"), Map.entry("numreplicas", "0"),
            // What DUMP tells of the value 1.
            Map.entry("serialized-value", "\0\u00c0\1\6\0\u00b0\u0095\u008f6$T-o"),
            Map.entry("sha1", "cb35aa5ca859d59b3e50fa6f9efbe7e14b5215dd"));

    private NumericRequests() {}

    /** A command as COMMAND DOCS tells it. */
    record Documented(String name, String group, List<Argument> arguments) {

        /** Each request that has one hole. */
        List<List<String>> requests() {
            List<List<String>> requests = new ArrayList<>();
            for (List<String> words : new Words(this).around(arguments)) {
                List<String> request = new ArrayList<>(List.of(name.split("\\|")));
                request.addAll(words);
                requests.add(request);
            }
            return requests;
        }

        /** The key of whose type a value has to be. */
        String key() {
            return name.startsWith("restore") ? TARGET : KEYS.getOrDefault(group, "none");
        }

        /** Whether a number in it says how long to wait: then only one at a time is extreme, or it would wait. */
        boolean mayWait() {
            return arguments.stream()
                    .anyMatch(argument -> argument.name.equals("timeout") || "BLOCK".equals(argument.token));
        }
    }

    private record Argument(String name, String type, @Nullable String token, boolean isOptional,
            List<Argument> members) {

        boolean isNumber() {
            return NUMERIC_TYPES.contains(type) || (type.equals("string") && NUMERIC_NAMES.contains(name));
        }
    }

    /** The request with this number in its hole. */
    static String[] with(List<String> request, String number) {
        return request.stream().map(word -> word.equals(HOLE) ? number : plain(word)).toArray(String[]::new);
    }

    /** The request with this number wherever there is one. */
    static String[] withAll(List<String> request, String number) {
        return request.stream().map(word -> word.equals(HOLE) || word.startsWith(ANOTHER) ? number : word)
                .toArray(String[]::new);
    }

    private static String plain(String word) {
        return word.startsWith(ANOTHER) ? word.substring(ANOTHER.length()) : word;
    }

    // --- COMMAND DOCS ---

    /** All commands of this server, subcommands with a bar, by name. */
    static Map<String, Documented> documented(TestClient client) {
        Map<String, Documented> commands = new TreeMap<>();
        add(commands, client.send("COMMAND", "DOCS").members());
        return commands;
    }

    private static void add(Map<String, Documented> commands, List<WireReply> namesAndFacts) {
        for (int i = 0; i < namesAndFacts.size(); i += 2) {
            String name = namesAndFacts.get(i).text();
            Map<String, WireReply> facts = facts(namesAndFacts.get(i + 1));
            WireReply arguments = facts.get("arguments");
            commands.put(name, new Documented(name, Objects.requireNonNull(facts.get("group")).text(),
                    arguments == null ? List.of() : arguments(arguments)));
            WireReply subcommands = facts.get("subcommands");
            if (subcommands != null) {
                add(commands, subcommands.members());
            }
        }
    }

    private static Map<String, WireReply> facts(WireReply flat) {
        Map<String, WireReply> facts = new TreeMap<>();
        List<WireReply> members = flat.members();
        for (int i = 0; i < members.size(); i += 2) {
            facts.put(members.get(i).text(), members.get(i + 1));
        }
        return facts;
    }

    private static List<Argument> arguments(WireReply reply) {
        return reply.members().stream().map(NumericRequests::facts).map(facts -> {
            WireReply token = facts.get("token");
            WireReply flags = facts.get("flags");
            WireReply members = facts.get("arguments");
            return new Argument(Objects.requireNonNull(facts.get("name")).text(),
                    Objects.requireNonNull(facts.get("type")).text(), token == null ? null : token.text(),
                    flags != null && flags.texts().contains("optional"),
                    members == null ? List.of() : arguments(members));
        }).toList();
    }

    // --- words ---

    /** Spells arguments of one command. */
    private record Words(Documented command) {

        /** A sequence with one hole, in each way there is. */
        List<List<String>> around(List<Argument> sequence) {
            List<List<String>> all = new ArrayList<>();
            for (int i = 0; i < sequence.size(); i++) {
                for (List<String> holed : around(sequence.get(i))) {
                    List<String> words = new ArrayList<>(least(sequence.subList(0, i)));
                    words.addAll(holed);
                    words.addAll(least(sequence.subList(i + 1, sequence.size())));
                    all.add(words);
                }
            }
            return all;
        }

        private List<List<String>> around(Argument argument) {
            List<List<String>> holed = new ArrayList<>();
            if (argument.type.equals("oneof")) {
                argument.members.forEach(member -> holed.addAll(around(member)));
            } else if (argument.type.equals("block")) {
                holed.addAll(around(argument.members));
            } else if (argument.isNumber()) {
                holed.add(List.of(HOLE));
            }
            return holed.stream().map(words -> announced(argument, words)).toList();
        }

        private List<String> least(List<Argument> sequence) {
            return sequence.stream().filter(argument -> !argument.isOptional)
                    .flatMap(argument -> least(argument).stream()).toList();
        }

        private List<String> least(Argument argument) {
            return announced(argument, switch (argument.type) {
                case "pure-token" -> List.of();
                case "oneof" -> least(argument.members.getFirst());
                case "block" -> least(argument.members);
                case "key" -> List.of(key(argument.name));
                default -> List.of(value(argument));
            });
        }

        private static List<String> announced(Argument argument, List<String> words) {
            List<String> all = new ArrayList<>();
            if (argument.token != null) {
                all.add(argument.token);
            }
            all.addAll(words);
            return all;
        }

        private String key(String name) {
            return name.matches("dest.*|dst|store.*") ? TARGET : command.key();
        }

        /** Nearly everything is called 1, values as well as members. */
        private String value(Argument argument) {
            boolean byWords = command.name.matches("z.*lex");
            String plain = byWords && argument.name.matches("min|max") ? "[1" : PLAIN.getOrDefault(argument.name, "1");
            return argument.isNumber() ? ANOTHER + plain : plain;
        }
    }

    // --- the data ---

    /** The numbers in the data itself: those in the middle, or at the ends as well; few, or so many that they are not packed. */
    enum Data {
        PLAIN("12345", "7", 4), EXTREME("9223372036854775807", "-9223372036854775808", 4), MANY("-9223372036854775808",
                "9223372036854775807", 40);

        private final String first;
        private final String second;
        private final int size;

        Data(String first, String second, int size) {
            this.first = first;
            this.second = second;
            this.size = size;
        }
    }

    /** What makes one key of each type, and a session like a new one. */
    static List<String[]> fill(Data data) {
        List<String[]> fill = new ArrayList<>(List.of(new String[]{"RESET"}, new String[]{"FLUSHALL"},
                new String[]{"SET", "string", data.first},
                new String[]{"GEOADD", "geo", "1", "1", "1", "2", "2", "2", "-170", "-80", "3"}));
        for (String[] collection : new String[][]{{"RPUSH", "list"}, {"SADD", "set"}, {"HSET", "hash"},
                {"ZADD", "zset"}}) {
            List<String> words = new ArrayList<>(List.of(collection));
            boolean inPairs = collection[0].matches("HSET|ZADD");
            words.addAll(inPairs ? List.of(data.first, "1", data.second, "2") : List.of("1", data.first, data.second));
            for (int i = 3; i < data.size; i++) {
                words.addAll(
                        inPairs ? List.of(Integer.toString(i), Integer.toString(i)) : List.of(Integer.toString(i)));
            }
            if (collection[0].equals("HSET")) {
                words.addAll(List.of("1", data.second));
            }
            fill.add(words.toArray(String[]::new));
        }
        for (String id : List.of("1", "2", "3",
                data == Data.PLAIN ? "4" : "18446744073709551615-18446744073709551614")) {
            fill.add(new String[]{"XADD", "stream", id, "1", "1"});
        }
        fill.add(new String[]{"XGROUP", "CREATE", "stream", "1", "0"});
        fill.add(new String[]{"XREADGROUP", "GROUP", "1", "1", "COUNT", "2", "STREAMS", "stream", ">"});
        return fill;
    }
}

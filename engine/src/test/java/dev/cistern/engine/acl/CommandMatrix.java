package dev.cistern.engine.acl;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Rules for users, and requests at random of every command that we and the original know: rows and columns of the matrix. */
public final class CommandMatrix {
    static final String USER = "someone";

    static final String[][] RULES = {
            {}, {"+@all", "~*", "&*"}, {"+@all", "~*", "-@dangerous"}, {"+@all"}, {"+@read", "~a*"}, {"+@write", "~*"},
            {"+@all", "%R~*"}, {"+@all", "%W~*"}, {"+@all", "%R~a*", "%W~b*", "~c"}, {"+@all", "~*", "-@all", "+get"},
            {"+@keyspace", "+@string", "-set", "~a?", "&news*"}, {"+@pubsub", "&news*", "&*[ab]"},
            {"(+@read ~a*)", "(+@write ~b*)"}, {"+@all", "%R~a*", "(+@all %W~b*)"},
            {"+config|get", "+client|id", "+select|0"},
            {"+@all", "-config", "+config|get", "-client|kill", "~*"}, {"+@slow", "~*"}, {"+@fast", "~*"},
            {"allkeys", "+@connection"},
            {"+@admin", "-@dangerous"}, {"+@transaction", "+@scripting", "~a"},
            {"+set", "+get", "+getdel", "~a", "%R~b"}};

    /** Rows, keys or texts changed between Redis 7.0 and Valkey 8. */
    private static final List<String> CHANGED = List.of("pfcount", "command|getkeys", "command|getkeysandflags");

    /** With a wrong count of keys the original forgets their destination too, which is checked here. */
    private static final List<String> FORGET_DESTINATION = List.of("zdiffstore", "zinterstore", "zunionstore");

    /** Alone, its one key is checked here; the original, finding no second one, forgets the first. */
    private static final String FORGETFUL = "pfmerge";

    private static final String[] WORDS = {"a", "b", "c", "a1", "b2", "ab", "c3", "news", "newsa", "0", "1", "2", "3",
            "-1", "x",
            "GET", "STORE", "STOREDIST", "BY", "LIMIT", "KEYS", "STREAMS", "INCRBY", "SET", "OVERFLOW", "COUNT", "",
            "10"};

    /** These end the session or the node, wait, answer more than once, or change what is being tested. */
    private static final Pattern HARMFUL = Pattern
            .compile("shutdown|debug.*|monitor|.*subscribe|(p|re)?sync|psync|replconf|"
                    + "replicaof|slaveof|failover|save|bgsave|bgrewriteaof|quit|reset|auth|hello|multi|exec|discard|watch|unwatch|"
                    + "acl.*|config[|](set|rewrite|resetstat)|cluster.*|function[|](flush|delete|restore|load|kill)|migrate|module.*|"
                    + "client[|](?!id|getname|info|list).*|wait|waitaof|b[lrz].*pop.*|blmove|brpoplpush|select|swapdb|cistern.*|"
                    + "script[|]kill|asking|readonly|readwrite|latency[|]graph|flushall|flushdb");

    private CommandMatrix() {}

    /** A command, its words between bars, and how many words a request of it has, as COMMAND tells it. */
    public record Row(String name, int arity) {

        /** Whether a test may send it when it is allowed, as one of many whose replies are read one by one. */
        public boolean isHarmless() {
            return !HARMFUL.matcher(name).matches();
        }
    }

    /** Those that both know alike. */
    public static List<Row> shared(TestClient ours, TestClient original) {
        Map<String, Long> theirs = arities(original);
        List<Row> shared = new ArrayList<>();
        arities(ours).forEach((name, arity) -> {
            if (arity.equals(theirs.get(name)) && !CHANGED.contains(name) && !FORGET_DESTINATION.contains(name)) {
                shared.add(new Row(name, arity.intValue()));
            }
        });
        return shared;
    }

    /** All that this server knows. */
    public static List<Row> all(TestClient client) {
        return arities(client).entrySet().stream().map(row -> new Row(row.getKey(), row.getValue().intValue()))
                .toList();
    }

    private static Map<String, Long> arities(TestClient client) {
        Map<String, Long> arities = new TreeMap<>();
        client.send("COMMAND").members().forEach(command -> addArity(command, arities));
        return arities;
    }

    private static void addArity(WireReply command, Map<String, Long> arities) {
        List<WireReply> facts = command.members();
        if (facts.get(9).members().isEmpty()) {
            arities.put(facts.getFirst().text(), facts.get(1).number());
        }
        facts.get(9).members().forEach(subcommand -> addArity(subcommand, arities));
    }

    /** One with as many arguments as the command needs, or some more. */
    static String[] request(SplittableRandom random, Row row) {
        return request(random, row, WORDS);
    }

    /** The same of other words. */
    public static String[] request(SplittableRandom random, Row row, String... choice) {
        List<String> words = new ArrayList<>(List.of(row.name.split("\\|")));
        int arguments = Math.abs(row.arity) - words.size() + (row.arity < 0 ? random.nextInt(5) : 0);
        if (row.name.equals(FORGETFUL)) {
            arguments++;
        }
        for (int i = 0; i < arguments; i++) {
            words.add(choice[random.nextInt(choice.length)]);
        }
        return words.toArray(String[]::new);
    }

    /** Asks whether the user might send that. */
    static String[] dryRun(String[] request) {
        List<String> words = new ArrayList<>(List.of("ACL", "DRYRUN", USER));
        words.addAll(List.of(request));
        return words.toArray(String[]::new);
    }

    /** What makes the user anew with these rules. */
    static String[] setUser(List<String> rules) {
        List<String> words = new ArrayList<>(List.of("ACL", "SETUSER", USER, "reset"));
        words.addAll(rules);
        return words.toArray(String[]::new);
    }
}

package dev.cistern.engine.commands;

import dev.cistern.engine.testing.WireReply;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Every way in which a reply of ours may differ from that of Redis 7.0 and be right all the same, with its reason. Counts
 * how often each was met.
 *
 * <p>What is not listed here must be equal, types included.
 */
final class AcceptedDifferences {
    /** What tells of the moment, of how an index is made, or came after 7.0. */
    private static final Set<String> NOT_COMPARED = Set.of("idle", "inactive", "seen-time", "active-time",
            "radix-tree-nodes");
    /** Since 7.2 a consumer is made even if there is nothing for it: so those without anything pending do not count. */
    private static final Set<String> OF_CONSUMERS = Set.of("idle", "seen-time");
    /** An age is below it in a test, and a time of the day above; ids and counts lie between. */
    private static final long LEAST_TIME = 1_500_000_000_000L;

    private static final Set<String> UNORDERED = Set.of("KEYS", "HKEYS", "HVALS", "SMEMBERS", "SINTER", "SUNION",
            "SDIFF", "HRANDFIELD", "SRANDMEMBER", "SPOP");
    private static final Set<String> UNORDERED_BEHIND_CURSOR = Set.of("SCAN", "SSCAN", "ZSCAN");

    @FunctionalInterface
    private interface Rule {
        boolean accepts(String[] command, WireReply ours, WireReply theirs);
    }

    private final Map<String, Rule> rules = new LinkedHashMap<>();
    private final Map<String, Integer> met = new TreeMap<>();

    AcceptedDifferences() {
        rules.put("the order of a set or of the keys is each server's own",
                (command, ours, theirs) -> UNORDERED.contains(command[0]) && sorted(ours).equals(sorted(theirs)));
        rules.put("the order behind a cursor is each server's own", (command, ours, theirs) -> UNORDERED_BEHIND_CURSOR
                .contains(command[0]) && sorted(last(ours)).equals(sorted(last(theirs))));
        rules.put("the order of a hash's fields is each server's own",
                (command, ours, theirs) -> (command[0].equals("HGETALL") && pairs(ours).equals(pairs(theirs)))
                        || (command[0].equals("HSCAN") && pairs(last(ours)).equals(pairs(last(theirs)))));
        rules.put("7.0 prints a double with 17 digits, 7.2 and later with as many as it needs",
                (command, ours, theirs) -> withoutReals(ours).equals(withoutReals(theirs))
                        && !ours.equals(theirs));
        rules.put("7.0 has no packed sets of strings, and no packed lists outside a quicklist",
                (command, ours, theirs) -> command[0].equals("OBJECT") && ours.equals(WireReply.bulk("listpack"))
                        && List.of(WireReply.bulk("hashtable"), WireReply.bulk("quicklist")).contains(theirs));
        rules.put("the result of BITOP stays raw in the original, however short",
                (command, ours, theirs) -> command[0].equals("OBJECT") && ours.equals(WireReply.bulk("embstr"))
                        && theirs.equals(WireReply.bulk("raw")));
        rules.put("Valkey 8.0 cuts LSET's index to 32 bits in a packed list, and so may find an element",
                (command, ours, theirs) -> command[0].equals("LSET") && ours instanceof WireReply.ErrorLine
                        && theirs.equals(WireReply.ok()) && command[2].length() > 10);
        rules.put("since 7.2 HSET of more fields than fit makes a table at once, even if some are the same",
                (command, ours, theirs) -> command[0].equals("OBJECT") && ours.equals(WireReply.bulk("hashtable"))
                        && theirs.equals(WireReply.bulk("listpack")));
        rules.put("the last entry's id has a sign since 7.4",
                (command, ours, theirs) -> command[0].startsWith("XREAD") && Arrays.asList(command).contains("+"));
        rules.put("since 7.2 a consumer may be made by reading, so CREATECONSUMER finds it",
                (command, ours, theirs) -> command[0].equals("XGROUP") && command.length > 1
                        && command[1].equals("CREATECONSUMER") && ours instanceof WireReply.Int
                        && theirs instanceof WireReply.Int);
        rules.put("since Valkey 8.0 BITCOUNT and BITPOS look at their arguments before the key, and in another order",
                (command, ours, theirs) -> command[0].matches("BITCOUNT|BITPOS") && command.length > 2
                        && ours instanceof WireReply.ErrorLine && !(theirs instanceof WireReply.Int some
                                && some.value() > 0));
        rules.put("Valkey quotes the command whose list of streams is unbalanced, and each has its own sign",
                (command, ours, theirs) -> command[0].startsWith("XREAD") && ours instanceof WireReply.ErrorLine
                        && theirs instanceof WireReply.ErrorLine && ours.text().startsWith("ERR Unbalanced '")
                        && theirs.text().startsWith("ERR Unbalanced "));
        rules.put("Valkey does not speak of Redis in the errors of scripts",
                (command, ours, theirs) -> ours instanceof WireReply.ErrorLine && theirs instanceof WireReply.ErrorLine
                        && ours.text().equals(theirs.text().replace("calling Redis command", "calling command")
                                .replace("Unknown Redis command", "Unknown command")));
        rules.put("times and what they were counted from are each server's own",
                (command, ours, theirs) -> Set.of("XPENDING", "XINFO").contains(command[0])
                        && withoutTimes(ours).equals(withoutTimes(theirs)));
        rules.put("polygons came with Valkey 9.0, and into the text that names the shapes",
                (command, ours, theirs) -> command[0].startsWith("GEOSEARCH") && ours instanceof WireReply.ErrorLine
                        && theirs instanceof WireReply.ErrorLine
                        && ours.text().replace("BYRADIUS, BYBOX and BYPOLYGON", "BYRADIUS and BYBOX")
                                .equals(theirs.text()));
    }

    /** Whether the replies to the command are equal, or differ in a way that is listed. */
    boolean areAlike(String[] command, WireReply ours, WireReply theirs) {
        if (ours.equals(theirs)) {
            return true;
        }
        for (Map.Entry<String, Rule> rule : rules.entrySet()) {
            if (rule.getValue().accepts(command, ours, theirs)) {
                met.merge(rule.getKey(), 1, Integer::sum);
                return true;
            }
        }
        return false;
    }

    /** How often each was met, for people. */
    Map<String, Integer> met() {
        return met;
    }

    private static boolean isList(WireReply reply) {
        return reply instanceof WireReply.Array || reply instanceof WireReply.SetReply;
    }

    private static WireReply last(WireReply reply) {
        return isList(reply) && !reply.members().isEmpty() ? reply.members().getLast() : reply;
    }

    /** The members as text, sorted; of anything but a list itself. */
    private static List<String> sorted(WireReply reply) {
        return isList(reply)
                ? reply.members().stream().map(WireReply::toString).sorted().toList()
                : List.of(reply.toString());
    }

    private static List<String> pairs(WireReply flat) {
        if (!isList(flat)) {
            return List.of(flat.toString());
        }
        List<WireReply> members = flat.members();
        List<String> pairs = new ArrayList<>();
        for (int i = 0; i + 1 < members.size(); i += 2) {
            pairs.add(members.get(i) + "=" + members.get(i + 1));
        }
        return pairs.stream().sorted().toList();
    }

    /** With doubles as numbers, whatever they looked like. */
    private static WireReply withoutReals(WireReply reply) {
        return switch (reply) {
            case WireReply.Real real -> new WireReply.Real(Double.toString(number(real.text())));
            case WireReply.Array array ->
                new WireReply.Array(array.members().stream().map(AcceptedDifferences::withoutReals).toList());
            case WireReply.SetReply set ->
                new WireReply.SetReply(set.members().stream().map(AcceptedDifferences::withoutReals).toList());
            default -> reply;
        };
    }

    private static double number(String text) {
        return switch (text) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    private static WireReply withoutTimes(WireReply reply) {
        if (reply instanceof WireReply.MapReply map) {
            List<WireReply> flat = new ArrayList<>();
            map.pairs().forEach((name, value) -> flat.addAll(List.of(name, value)));
            return withoutTimes(new WireReply.Array(flat));
        }
        if (!(reply instanceof WireReply.Array array)) {
            return reply;
        }
        List<WireReply> kept = new ArrayList<>();
        List<WireReply> members = array.members();
        for (int i = 0; i < members.size(); i++) {
            WireReply member = members.get(i);
            if (member instanceof WireReply.Bulk word && (NOT_COMPARED.contains(word.text())
                    || (word.text().equals("consumers") && members.get(i + 1) instanceof WireReply.Int))) {
                i++;
            } else if (!isIdleConsumer(member) && !isAge(members, i)
                    && !(member instanceof WireReply.Int number && number.value() > LEAST_TIME)) {
                kept.add(withoutTimes(member));
            }
        }
        return new WireReply.Array(kept);
    }

    private static boolean isIdleConsumer(WireReply reply) {
        List<WireReply> members = new ArrayList<>();
        if (reply instanceof WireReply.Array array) {
            members.addAll(array.members());
        } else if (reply instanceof WireReply.MapReply map) {
            map.pairs().forEach((name, value) -> members.addAll(List.of(name, value)));
        }
        return OF_CONSUMERS.stream().anyMatch(word -> members.contains(WireReply.bulk(word)))
                && (hasNone(members, "pel-count") || hasNone(members, "pending"));
    }

    private static boolean hasNone(List<WireReply> members, String word) {
        int at = members.indexOf(WireReply.bulk(word));
        return at >= 0 && members.get(at + 1).equals(WireReply.integer(0));
    }

    /** XPENDING's lines are an id, a consumer, an age and a count. */
    private static boolean isAge(List<WireReply> members, int index) {
        return index == 2 && members.size() == 4 && members.get(1) instanceof WireReply.Bulk
                && members.get(2) instanceof WireReply.Int && members.get(3) instanceof WireReply.Int;
    }
}

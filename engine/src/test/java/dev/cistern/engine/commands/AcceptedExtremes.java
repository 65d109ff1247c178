package dev.cistern.engine.commands;

import dev.cistern.engine.testing.WireReply;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What may differ from Redis 7.0 where a number is extreme, each with its reason, beside what may differ anywhere. Counts how
 * often each was met.
 */
final class AcceptedExtremes {
    /** Between the one server's time and the other's. */
    private static final long TOLERANCE_MILLIS = 60_000;

    /** A request, its name in capitals (two words of a container's), and the number that it is about. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Question(String[] words, String name, String number) {

        boolean is(String names) {
            return name.matches(names);
        }

        boolean has(String word) {
            return List.of(words).contains(word);
        }
    }

    @FunctionalInterface
    private interface Rule {
        boolean accepts(Question question, WireReply ours, WireReply theirs);
    }

    private final AcceptedDifferences anywhere = new AcceptedDifferences();
    private final Map<String, Rule> replies = new LinkedHashMap<>();
    private final Map<String, Rule> states = new LinkedHashMap<>();
    private final Map<String, Integer> met = new TreeMap<>();

    AcceptedExtremes() {
        replies.put("what is chosen by chance is as much", (question, ours, theirs) -> question
                .is("SRANDMEMBER|HRANDFIELD|ZRANDMEMBER|SPOP|ACL GENPASS") && isNoError(theirs)
                && size(ours) == size(theirs));
        replies.put("a cursor and what is behind it are each server's own",
                (question, ours, theirs) -> question.is(".*SCAN") && isNoError(ours) && isNoError(theirs));
        replies.put("since 7.2 no cursor is below zero", (question, ours, theirs) -> question.is(".*SCAN")
                && question.number.startsWith("-") && isError(ours, "invalid cursor"));
        replies.put("a server tells of itself", (question, ours, theirs) -> question
                .is("SLOWLOG GET|CLIENT LIST|LOLWUT|MEMORY USAGE|HELLO") && isNoError(theirs) && isNoError(ours));
        replies.put("a session's number is its server's own", (question, ours, theirs) -> question.is("CLIENT TRACKING")
                && question.number.equals("1"));
        replies.put("an id holds the time at which it was made", (question, ours, theirs) -> question.is("XADD")
                && question.has("*") && isNoError(ours) && isNoError(theirs));
        replies.put("the cast to 64 bits makes a timeout negative in 7.0 that is too long",
                (question, ours, theirs) -> question.is("B.*") && isError(ours, "timeout is out of range")
                        && isError(theirs, "timeout is negative"));
        replies.put("MAXAGE came after 7.0", (question, ours, theirs) -> question.has("MAXAGE"));
        replies.put("CLIENT LIST checks its ids as CLIENT KILL does since Valkey 9.0",
                (question, ours, theirs) -> question
                        .is("CLIENT LIST") && isError(ours, "client-id should be greater than 0"));
        replies.put("the least number has no opposite, and is refused since 7.2",
                (question, ours, theirs) -> question.is("LPOS|LREM") && question.number.equals("-9223372036854775808")
                        && isError(ours, "value must between"));
        replies.put("a time to live whose end is beyond 64 bits is over at once in the original, and refused here",
                (question, ours, theirs) -> question.is("RESTORE.*") && isError(ours, "Invalid TTL value")
                        && theirs.equals(WireReply.ok()));
        replies.put("7.0 prints a double with 17 digits, later ones with as many as it needs",
                (question, ours, theirs) -> question.is("B?Z.*|GEO.*|HINCRBYFLOAT|INCRBYFLOAT")
                        && withoutDigits(ours).equals(withoutDigits(theirs)));
        states.put("what is chosen by chance is another thing", (question, ours, theirs) -> question.is("SPOP"));
        states.put("an id holds the time at which it was made", (question, ours, theirs) -> question.is("XADD")
                && question.has("*"));
        states.put("what may live until a time that is past is not even made since Valkey 8.1",
                (question, ours, theirs) -> question.is("SET") && (question.has("EXAT") || question.has("PXAT")));
        states.put("a refused time to live changes nothing", (question, ours, theirs) -> question.is("RESTORE.*")
                && isError(ours, "Invalid TTL value"));
        states.put("LREM of the least number removes nothing", (question, ours, theirs) -> question.is("LREM")
                && isError(ours, "value must between"));
    }

    /** Whether both sides answered alike, and hold the same. */
    boolean areAlike(String[] request, String number, List<WireReply> ours, List<WireReply> theirs) {
        String[] words = request.clone();
        words[0] = words[0].toUpperCase(Locale.ROOT);
        boolean isContainer = words.length > 1 && words[0].matches("ACL|CLIENT|CLUSTER|MEMORY|SLOWLOG|XINFO|XGROUP");
        String name = isContainer ? words[0] + " " + words[1].toUpperCase(Locale.ROOT) : words[0];
        Question question = new Question(words, name, number);
        return ours.size() == theirs.size() && isReplyAlike(question, ours.getFirst(), theirs.getFirst())
                && (isStateAlike(ours, theirs) || accepts(states, question, ours.getFirst(), theirs.getFirst()));
    }

    private boolean isReplyAlike(Question question, WireReply ours, WireReply theirs) {
        return ours.equals(theirs) || accepts(replies, question, ours, theirs)
                || anywhere.areAlike(question.words, ours, theirs);
    }

    private boolean accepts(Map<String, Rule> rules, Question question, WireReply ours, WireReply theirs) {
        for (Map.Entry<String, Rule> rule : rules.entrySet()) {
            if (rule.getValue().accepts(question, ours, theirs)) {
                met.merge(rule.getKey(), 1, Integer::sum);
                return true;
            }
        }
        return false;
    }

    /** Of the answers behind the reply only those that are times may differ a little. */
    private static boolean isStateAlike(List<WireReply> ours, List<WireReply> theirs) {
        for (int i = 1; i < ours.size(); i++) {
            boolean isNear = ours.get(i) instanceof WireReply.Int our && theirs.get(i) instanceof WireReply.Int their
                    && our.value() > TOLERANCE_MILLIS && Math.abs(our.value() - their.value()) < TOLERANCE_MILLIS;
            if (!isNear && !ours.get(i).equals(theirs.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isNoError(WireReply reply) {
        return !(reply instanceof WireReply.ErrorLine);
    }

    private static boolean isError(WireReply reply, String part) {
        return reply instanceof WireReply.ErrorLine error && error.text().contains(part);
    }

    /** Of a list its members, of a text its letters. */
    private static int size(WireReply reply) {
        return switch (reply) {
            case WireReply.Array array -> array.members().size();
            case WireReply.Bulk bulk -> bulk.text().length();
            default -> -1;
        };
    }

    private static WireReply withoutDigits(WireReply reply) {
        if (reply instanceof WireReply.Array array) {
            List<WireReply> members = new ArrayList<>();
            array.members().forEach(member -> members.add(withoutDigits(member)));
            return new WireReply.Array(members);
        }
        return reply instanceof WireReply.Bulk bulk && bulk.text().matches("-?[0-9.]+(e[-+]?[0-9]+)?")
                ? WireReply.bulk(Double.toString(Double.parseDouble(bulk.text())))
                : reply;
    }

    /** How often each was met, for people. */
    Map<String, Integer> met() {
        anywhere.met().forEach(met::putIfAbsent);
        return met;
    }
}

package dev.cistern.engine.replication;

import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Decimal;
import dev.cistern.store.Keyspace;
import dev.cistern.store.StreamGroups;
import dev.cistern.store.Streams;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * How commands on streams are logged: with the ids that were given, what was trimmed in numbers, and who got which
 * entries when.
 *
 * <p>A part of {@link Rewrites}, and under its rules.
 */
final class StreamRewrites {
    private final Bytes key = new Bytes();
    private final Bytes id = new Bytes();

    StreamRewrites(Map<String, Rewrites.Rewrite> byName) {
        byName.put("xadd", this::add);
        byName.put("xtrim", (keyspace, request, _, feed) -> {
            Streams streams = keyspace.streams();
            streams.find(request.key(1));
            copy(keyspace, request, trim(request, request.count()), 0, streams, feed);
        });
        byName.put("xreadgroup", this::readGroup);
        byName.put("xclaim", this::claim);
        byName.put("xautoclaim", this::claimNext);
    }

    // --- adding and trimming ---

    private void add(Keyspace keyspace, Request request, ReplyCursor reply, LogFeed feed) {
        Streams streams = keyspace.streams();
        streams.find(request.key(1));
        int idAt = 2;
        while (isOption(request, idAt)) {
            idAt += optionLength(request, idAt);
        }
        id.set(reply.string());
        copy(keyspace, request, trim(request, idAt), idAt, streams, feed);
    }

    private static boolean isOption(Request request, int at) {
        return request.is(at, "NOMKSTREAM") || request.is(at, "MAXLEN") || request.is(at, "MINID")
                || request.is(at, "LIMIT");
    }

    private static int optionLength(Request request, int at) {
        if (request.is(at, "NOMKSTREAM")) {
            return 1;
        }
        boolean hasSign = !request.is(at, "LIMIT") && (request.is(at + 1, "=") || request.is(at + 1, "~"));
        return hasSign ? 3 : 2;
    }

    /** Where MAXLEN or MINID stands with a tilde, which means something else elsewhere; 0 if it does not. */
    private static int trim(Request request, int end) {
        for (int i = 2; i + 2 < end; i++) {
            if ((request.is(i, "MAXLEN") || request.is(i, "MINID")) && request.is(i + 1, "~")) {
                return i;
            }
        }
        return 0;
    }

    /** The request with its id in digits, and with how far it was trimmed. */
    private void copy(Keyspace keyspace, Request request, int trimAt, int idAt, Streams streams, LogFeed feed) {
        int limitAt = trimAt == 0 ? 0 : limit(request, trimAt + 3, idAt == 0 ? request.count() : idAt);
        feed.begin(keyspace.database(), request.count() - (limitAt == 0 ? 0 : 2));
        for (int i = 0; i < request.count(); i++) {
            if (limitAt != 0 && (i == limitAt || i == limitAt + 1)) {
                continue;
            }
            if (i == idAt && i > 0) {
                feed.argument(id);
            } else if (trimAt != 0 && i == trimAt + 1) {
                feed.word("=");
            } else if (trimAt != 0 && i == trimAt + 2) {
                threshold(request.is(trimAt, "MAXLEN"), streams, feed);
            } else {
                feed.argument(request.argument(i));
            }
        }
    }

    private static int limit(Request request, int from, int end) {
        for (int i = from; i + 1 < end; i++) {
            if (request.is(i, "LIMIT")) {
                return i;
            }
        }
        return 0;
    }

    private static void threshold(boolean byLength, Streams streams, LogFeed feed) {
        if (byLength) {
            feed.number(streams.length());
        } else if (streams.length() == 0) {
            feed.id(-1, -1);
        } else {
            feed.id(streams.firstMillis(), streams.firstSequence());
        }
    }

    // --- groups ---

    private void readGroup(Keyspace keyspace, Request request, ReplyCursor reply, LogFeed feed) {
        int groupAt = word(request, "GROUP") + 1;
        boolean noAck = word(request, "NOACK") > 0;
        int firstKey = word(request, "STREAMS") + 1;
        int keys = (request.count() - firstKey) / 2;
        Bytes group = request.argument(groupAt);
        Bytes consumer = request.argument(groupAt + 1);
        for (int i = firstKey; i < firstKey + keys; i++) {
            // Where there are new entries, their owner is made with them.
            if (keys > 1 || !reply.isAggregate() || !isNew(request.argument(i + keys))) {
                createConsumer(keyspace, request.key(i), group, consumer, feed);
            }
        }
        if (!reply.isAggregate()) {
            return;
        }
        boolean isMap = reply.isMap();
        int answered = reply.open();
        for (int i = 0; i < answered; i++) {
            if (!isMap) {
                reply.open();
            }
            key.set(reply.string());
            if (isNew(request.argument(idOf(request, firstKey, keys)))) {
                delivered(keyspace, group, consumer, noAck, reply, feed);
            } else {
                reply.skip();
            }
        }
    }

    /** The argument with the id for the stream that is being read. */
    private int idOf(Request request, int firstKey, int keys) {
        int at = firstKey;
        while (!request.key(at).contentEquals(key)) {
            at++;
        }
        return at + keys;
    }

    private static boolean isNew(Bytes argument) {
        return argument.length() == 1 && argument.byteAt(0) == '>';
    }

    private static int word(Request request, String word) {
        for (int i = 1; i < request.count(); i++) {
            if (request.is(i, word)) {
                return i;
            }
            if (request.is(i, "STREAMS")) {
                return 0;
            }
            if (request.is(i, "GROUP")) {
                i += 2;
            } else if (request.is(i, "COUNT") || request.is(i, "BLOCK")) {
                i++;
            }
        }
        return 0;
    }

    private static boolean findGroup(Keyspace keyspace, Bytes key, Bytes group) {
        return keyspace.streams().find(key) && keyspace.streams().groups().findGroup(group);
    }

    private static void createConsumer(Keyspace keyspace, Bytes key, Bytes group, Bytes consumer, LogFeed feed) {
        feed.begin(keyspace.database(), 5).word("XGROUP").word("CREATECONSUMER").argument(key).argument(group)
                .argument(consumer);
    }

    /** Entries that the group had not read before: each one's owner, and how far the group has read now. */
    private void delivered(Keyspace keyspace, Bytes group, Bytes consumer, boolean noAck, ReplyCursor reply,
            LogFeed feed) {
        findGroup(keyspace, key, group);
        int entries = reply.open();
        for (int i = 0; i < entries; i++) {
            reply.open();
            id.set(reply.string());
            reply.skip();
            if (!noAck) {
                owned(keyspace, group, consumer, feed);
            }
        }
        StreamGroups groups = keyspace.streams().groups();
        if (noAck) {
            createConsumer(keyspace, key, group, consumer, feed);
        }
        feed.begin(keyspace.database(), 7).word("XGROUP").word("SETID").argument(key).argument(group)
                .id(groups.lastMillis(), groups.lastSequence()).word("ENTRIESREAD").number(groups.entriesRead());
    }

    /** Says whose the entry is, and since when, if it is pending for this consumer. */
    private boolean owned(Keyspace keyspace, Bytes group, Bytes consumer, LogFeed feed) {
        StreamGroups groups = keyspace.streams().groups();
        if (!groups.findPending(millis(id), sequence(id))) {
            return false;
        }
        feed.begin(keyspace.database(), 14).word("XCLAIM").argument(key).argument(group).argument(consumer).word("0")
                .argument(id).word("TIME").number(groups.deliveredMillis()).word("RETRYCOUNT")
                .number(groups.deliveries()).word("FORCE").word("JUSTID").word("LASTID")
                .id(groups.lastMillis(), groups.lastSequence());
        return true;
    }

    private void gone(Keyspace keyspace, Bytes group, LogFeed feed) {
        feed.begin(keyspace.database(), 4).word("XACK").argument(key).argument(group).argument(id);
    }

    private void claim(Keyspace keyspace, Request request, ReplyCursor reply, LogFeed feed) {
        Bytes group = request.argument(2);
        Bytes consumer = request.argument(3);
        key.set(request.key(1));
        findGroup(keyspace, key, group);
        createConsumer(keyspace, key, group, consumer, feed);
        int claimed = reply.open();
        for (int i = 0; i < claimed; i++) {
            readId(reply);
            owned(keyspace, group, consumer, feed);
        }
        for (int i = 5; i < request.count() && isId(request.argument(i)); i++) {
            id.set(request.argument(i));
            if (!keyspace.streams().groups().findPending(millis(id), sequence(id))) {
                gone(keyspace, group, feed);
            }
        }
    }

    private void claimNext(Keyspace keyspace, Request request, ReplyCursor reply, LogFeed feed) {
        Bytes group = request.argument(2);
        Bytes consumer = request.argument(3);
        key.set(request.key(1));
        findGroup(keyspace, key, group);
        createConsumer(keyspace, key, group, consumer, feed);
        reply.open();
        reply.string();
        int claimed = reply.open();
        for (int i = 0; i < claimed; i++) {
            readId(reply);
            owned(keyspace, group, consumer, feed);
        }
        int deleted = reply.open();
        for (int i = 0; i < deleted; i++) {
            readId(reply);
            gone(keyspace, group, feed);
        }
    }

    /** An entry, or its id alone. */
    private void readId(ReplyCursor reply) {
        boolean isEntry = reply.isAggregate();
        if (isEntry) {
            reply.open();
        }
        id.set(reply.string());
        if (isEntry) {
            reply.skip();
        }
    }

    // --- ids ---

    private static boolean isId(Bytes text) {
        return text.length() > 0 && text.byteAt(0) >= '0' && text.byteAt(0) <= '9';
    }

    private static int dash(Bytes text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.byteAt(i) == '-') {
                return i;
            }
        }
        return text.length();
    }

    private static long millis(Bytes text) {
        return unsigned(text, 0, dash(text));
    }

    private static long sequence(Bytes text) {
        int dash = dash(text);
        return dash == text.length() ? 0 : unsigned(text, dash + 1, text.length());
    }

    private static long unsigned(Bytes text, int from, int to) {
        long parsed = Decimal.parse(text.address() + from, to - from);
        if (Decimal.isInteger(parsed, text.address() + from, to - from)) {
            return parsed;
        }
        byte[] letters = new Bytes(text.address() + from, to - from).toByteArray();
        return Long.parseUnsignedLong(new String(letters, StandardCharsets.US_ASCII));
    }
}

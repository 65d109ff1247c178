package dev.cistern.engine.replication;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Hashes;
import dev.cistern.store.Keyspace;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import static dev.cistern.store.Keyspace.ABSENT;
import static dev.cistern.store.Keyspace.NO_DEADLINE;

/**
 * What is logged instead of a command that would do something else when it is run again: later, or in another place.
 *
 * <p>Looks at the request, at what was answered, and at what the keys hold now, whose stripes are still held. What only
 * newer versions know is spelled in older words where there are some. One per loop, as it reuses what it reads with; its
 * thread only.
 */
public final class Rewrites {
    private static final int LOOK = Keyspace.NO_TOUCH | Keyspace.NO_STATS | Keyspace.EVEN_EXPIRED;

    /** Logged even if nothing was there to be changed: followers may be told, or have something. */
    private static final Set<String> ALWAYS = Set.of("flushall", "flushdb", "swapdb", "publish", "spublish",
            "function|load", "function|delete", "function|flush", "function|restore");

    /** One way of saying it otherwise. */
    @FunctionalInterface
    interface Rewrite {
        void log(Keyspace keyspace, Request request, ReplyCursor reply, LogFeed feed);
    }

    private final DeletionWords deletionWords;
    private final ReplyCursor cursor = new ReplyCursor();
    private final Bytes view = new Bytes();
    private final Map<String, Rewrite> byName = new HashMap<>();

    public Rewrites(DeletionWords deletionWords) {
        this.deletionWords = deletionWords;
        strings();
        popping();
        hashes();
        new StreamRewrites(byName);
    }

    /** Whether the command is logged although it changed nothing. */
    public static boolean isAlwaysLogged(Command command) {
        return ALWAYS.contains(command.fullName());
    }

    /** Adds to the feed what the command did, whose reply stands behind the mark. */
    public void log(Keyspace keyspace, Command command, Request request, Reply reply, long mark, LogFeed feed) {
        Rewrite rewrite = byName.get(command.fullName());
        cursor.at(reply, mark);
        if (rewrite == null || cursor.isError()) {
            feed.request(keyspace.database(), request);
        } else {
            rewrite.log(keyspace, request, cursor, feed);
        }
    }

    private void add(String names, Rewrite rewrite) {
        for (String name : names.split(" ", -1)) {
            byName.put(name, rewrite);
        }
    }

    // --- strings and deadlines ---

    private void strings() {
        add("set", (keyspace, request, _, feed) -> {
            if (request.count() == 3 || isAlreadyAbsolute(keyspace, request)) {
                feed.request(keyspace.database(), request);
            } else {
                value(keyspace, request.key(1), request.argument(2), feed);
            }
        });
        add("setex psetex", (keyspace, request, _, feed) -> value(keyspace, request.key(1), request.argument(3), feed));
        add("msetex", (keyspace, request, _, feed) -> {
            int pairs = (int) request.longAt(1);
            for (int i = 2; i < 2 + 2 * pairs; i += 2) {
                value(keyspace, request.key(i), request.argument(i + 1), feed);
            }
        });
        add("incrbyfloat", (keyspace, request, reply, feed) -> feed.begin(keyspace.database(), 4).word("SET")
                .argument(request.key(1)).argument(reply.string()).word("KEEPTTL"));
        add("getdel delifeq", (keyspace, request, _, feed) -> delete("DEL", keyspace, request.key(1), feed));
        add("getex expire pexpire expireat pexpireat",
                (keyspace, request, _, feed) -> deadline(keyspace, request.key(1), feed));
        add("restore restore-asking", this::restore);
    }

    /** It tells no span of time and no condition: what it sets, it sets later as well. */
    private static boolean isAlreadyAbsolute(Keyspace keyspace, Request request) {
        boolean tellsMoment = request.count() == 5 && request.is(3, "PXAT");
        boolean keepsDeadline = request.count() == 4 && request.is(3, "KEEPTTL");
        return (tellsMoment || keepsDeadline) && keyspace.find(request.key(1), LOOK) != ABSENT;
    }

    private static void delete(String word, Keyspace keyspace, Bytes key, LogFeed feed) {
        feed.begin(keyspace.database(), 2).word(word).argument(key);
    }

    /** The key has this string now, or was given a deadline in the past. */
    private void value(Keyspace keyspace, Bytes key, Bytes value, LogFeed feed) {
        long entry = keyspace.find(key, LOOK);
        if (entry == ABSENT) {
            delete(deletionWords.expired(), keyspace, key, feed);
            return;
        }
        long deadline = keyspace.deadlineMillis(entry);
        feed.begin(keyspace.database(), deadline == NO_DEADLINE ? 3 : 5).word("SET").argument(key).argument(value);
        if (deadline != NO_DEADLINE) {
            feed.word("PXAT").number(deadline);
        }
    }

    private void deadline(Keyspace keyspace, Bytes key, LogFeed feed) {
        long entry = keyspace.find(key, LOOK);
        if (entry == ABSENT) {
            delete(deletionWords.expired(), keyspace, key, feed);
        } else if (keyspace.deadlineMillis(entry) == NO_DEADLINE) {
            feed.begin(keyspace.database(), 2).word("PERSIST").argument(key);
        } else {
            feed.begin(keyspace.database(), 3).word("PEXPIREAT").argument(key).number(keyspace.deadlineMillis(entry));
        }
    }

    private void restore(Keyspace keyspace, Request request, ReplyCursor reply, LogFeed feed) {
        long entry = keyspace.find(request.key(1), LOOK);
        if (entry == ABSENT) {
            delete(deletionWords.byServer(), keyspace, request.key(1), feed);
            return;
        }
        long deadline = keyspace.deadlineMillis(entry);
        boolean isAbsolute = false;
        for (int i = 4; i < request.count(); i++) {
            isAbsolute |= request.is(i, "ABSTTL");
        }
        boolean adds = deadline != NO_DEADLINE && !isAbsolute;
        feed.begin(keyspace.database(), request.count() + (adds ? 1 : 0));
        for (int i = 0; i < request.count(); i++) {
            if (i == 2 && adds) {
                feed.number(deadline);
            } else {
                feed.argument(request.argument(i));
            }
        }
        if (adds) {
            feed.word("ABSTTL");
        }
    }

    // --- what was taken by chance, or by who waited ---

    private void popping() {
        add("spop", this::spop);
        add("blpop", (keyspace, _, reply, feed) -> poppedOne(keyspace, reply, "LPOP", feed));
        add("brpop", (keyspace, _, reply, feed) -> poppedOne(keyspace, reply, "RPOP", feed));
        add("bzpopmin", (keyspace, _, reply, feed) -> poppedOne(keyspace, reply, "ZPOPMIN", feed));
        add("bzpopmax", (keyspace, _, reply, feed) -> poppedOne(keyspace, reply, "ZPOPMAX", feed));
        add("lmpop", (keyspace, request, reply, feed) -> poppedSome(keyspace, request, 1, reply, feed));
        add("blmpop", (keyspace, request, reply, feed) -> poppedSome(keyspace, request, 2, reply, feed));
        add("zmpop", (keyspace, request, reply, feed) -> poppedSome(keyspace, request, 1, reply, feed));
        add("bzmpop", (keyspace, request, reply, feed) -> poppedSome(keyspace, request, 2, reply, feed));
        add("blmove", (keyspace, request, _, feed) -> feed.begin(keyspace.database(), 5).word("LMOVE")
                .argument(request.key(1)).argument(request.key(2)).argument(request.argument(3))
                .argument(request.argument(4)));
        add("brpoplpush", (keyspace, request, _, feed) -> feed.begin(keyspace.database(), 3).word("RPOPLPUSH")
                .argument(request.key(1)).argument(request.key(2)));
    }

    private void spop(Keyspace keyspace, Request request, ReplyCursor reply, LogFeed feed) {
        if (request.count() > 2 && keyspace.find(request.key(1), LOOK) == ABSENT) {
            delete(deletionWords.byServer(), keyspace, request.key(1), feed);
            return;
        }
        int members = reply.isAggregate() ? reply.open() : 1;
        feed.begin(keyspace.database(), 2 + members).word("SREM").argument(request.key(1));
        for (int i = 0; i < members; i++) {
            feed.argument(reply.string());
        }
    }

    private static void poppedOne(Keyspace keyspace, ReplyCursor reply, String word, LogFeed feed) {
        reply.open();
        feed.begin(keyspace.database(), 2).word(word).argument(reply.string());
    }

    /** The answer is the key and what was taken; the word behind the keys says from which end. */
    private void poppedSome(Keyspace keyspace, Request request, int keysAt, ReplyCursor reply, LogFeed feed) {
        int side = keysAt + 1 + (int) request.longAt(keysAt);
        String word = switch (request.text(side).toUpperCase(Locale.ROOT)) {
            case "LEFT" -> "LPOP";
            case "RIGHT" -> "RPOP";
            case "MIN" -> "ZPOPMIN";
            default -> "ZPOPMAX";
        };
        reply.open();
        view.set(reply.string());
        int taken = reply.open();
        feed.begin(keyspace.database(), 3).word(word).argument(view).number(taken);
    }

    // --- hashes ---

    private void hashes() {
        add("hincrbyfloat", (keyspace, request, reply, feed) -> {
            boolean keeps = fieldDeadline(keyspace, request.key(1), request.argument(2)) >= 0;
            if (keeps) {
                feed.begin(keyspace.database(), 7).word("HSETEX").argument(request.key(1)).word("KEEPTTL")
                        .word("FIELDS").word("1").argument(request.argument(2)).argument(reply.string());
            } else {
                feed.begin(keyspace.database(), 4).word("HSET").argument(request.key(1))
                        .argument(request.argument(2)).argument(reply.string());
            }
        });
        add("hexpire hpexpire hexpireat hpexpireat hgetex hgetdel",
                (keyspace, request, _, feed) -> fields(keyspace, request, feed));
        add("hsetex", Rewrites::setFields);
    }

    private static long fieldDeadline(Keyspace keyspace, Bytes key, Bytes field) {
        Hashes hashes = keyspace.hashes();
        return hashes.open(key) ? hashes.deadlineMillis(field) : Hashes.ABSENT_FIELD;
    }

    private static int fieldsAt(Request request) {
        int at = 2;
        while (!request.is(at, "FIELDS")) {
            at++;
        }
        return at + 2;
    }

    /** For each field that was named: it has a deadline now, or none, or is gone. */
    private static void fields(Keyspace keyspace, Request request, LogFeed feed) {
        for (int i = fieldsAt(request); i < request.count(); i++) {
            field(keyspace, request.key(1), request.argument(i), feed);
        }
    }

    private static void field(Keyspace keyspace, Bytes key, Bytes field, LogFeed feed) {
        long deadline = fieldDeadline(keyspace, key, field);
        if (deadline == Hashes.ABSENT_FIELD) {
            feed.begin(keyspace.database(), 3).word("HDEL").argument(key).argument(field);
        } else if (deadline == NO_DEADLINE) {
            feed.begin(keyspace.database(), 5).word("HPERSIST").argument(key).word("FIELDS").word("1").argument(field);
        } else {
            feed.begin(keyspace.database(), 6).word("HPEXPIREAT").argument(key).number(deadline).word("FIELDS")
                    .word("1").argument(field);
        }
    }

    private static void setFields(Keyspace keyspace, Request request, ReplyCursor reply, LogFeed feed) {
        int first = fieldsAt(request);
        for (int i = first; i < request.count(); i += 2) {
            long deadline = fieldDeadline(keyspace, request.key(1), request.argument(i));
            if (deadline != Hashes.ABSENT_FIELD) {
                feed.begin(keyspace.database(), 4).word("HSET").argument(request.key(1)).argument(request.argument(i))
                        .argument(request.argument(i + 1));
            }
            if (deadline != NO_DEADLINE) {
                field(keyspace, request.key(1), request.argument(i), feed);
            }
        }
    }
}

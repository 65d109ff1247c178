package dev.cistern.engine.commands;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Glob;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.EntryVisitor;
import dev.cistern.store.Keyspace;
import dev.cistern.store.ValueType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Writes those keys of a walk into a reply that fit what SCAN and its like ask for. Lives as long as one command; the
 * loop's thread.
 */
public final class KeyWriter implements EntryVisitor {
    private static final int USUAL_COUNT = 10;
    private static final int ANY_SLOT = -1;

    private final Bytes key = new Bytes();
    private final Reply reply;
    private @Nullable Bytes pattern;
    private @Nullable ValueType type;
    private int count = USUAL_COUNT;
    private int slot = ANY_SLOT;
    private int written;
    private final List<byte[]> expired = new ArrayList<>(0);

    public KeyWriter(Reply reply) {
        this.reply = reply;
    }

    void pattern(Bytes wanted) {
        pattern = Glob.matchesAll(wanted) ? null : wanted;
    }

    /** From here on only keys of this hash slot count; only in a store whose stripes go by slot. */
    public void slot(int only) {
        slot = only;
    }

    /** How many keys the client asked for. */
    public int count() {
        return count;
    }

    public int written() {
        return written;
    }

    @Override
    public void visit(Keyspace keyspace, long entry) {
        if (matches(keyspace, entry)) {
            reply.bulk(key);
            written++;
        }
    }

    /** It cannot be deleted in the middle of a walk. */
    @Override
    public void visitExpired(Keyspace keyspace, long entry) {
        if (matches(keyspace, entry)) {
            expired.add(key.toByteArray());
        }
    }

    private boolean matches(Keyspace keyspace, long entry) {
        if ((type != null && keyspace.type(entry) != type) || (slot != ANY_SLOT && keyspace.slotOf(entry) != slot)) {
            return false;
        }
        keyspace.readKey(entry, key);
        return pattern == null || Glob.matches(pattern, key);
    }

    /** Deletes those that the walk would have shown if their time were not over. */
    public void deleteExpired(Keyspace keyspace) {
        for (byte[] each : expired) {
            Bytes copy = Bytes.copyOf(each);
            try {
                keyspace.expireIfDue(copy);
            } finally {
                copy.free();
            }
        }
    }

    /** Reads MATCH, COUNT and TYPE, from this argument on. */
    void readOptions(Request request, int from) {
        for (int i = from; i < request.count(); i += 2) {
            if (!readOption(request, i)) {
                throw CommandException.SYNTAX_ERROR;
            }
        }
    }

    /** Reads the option at this argument and its value; says whether it is one of ours. */
    public boolean readOption(Request request, int index) {
        if (index + 1 == request.count()) {
            throw CommandException.SYNTAX_ERROR;
        }
        if (request.is(index, "MATCH")) {
            pattern(request.argument(index + 1));
        } else if (request.is(index, "COUNT")) {
            count = countAt(request, index + 1);
        } else if (request.is(index, "TYPE")) {
            type = typeAt(request, index + 1);
        } else {
            return false;
        }
        return true;
    }

    private static int countAt(Request request, int index) {
        long count = request.longAt(index);
        if (count < 1) {
            throw CommandException.SYNTAX_ERROR;
        }
        return (int) Math.min(count, Integer.MAX_VALUE);
    }

    private static ValueType typeAt(Request request, int index) {
        for (ValueType type : ValueType.values()) {
            if (request.is(index, type.typeName().toUpperCase(Locale.ROOT))) {
                return type;
            }
        }
        throw CommandException.of("ERR unknown type name '" + request.text(index) + "'");
    }
}

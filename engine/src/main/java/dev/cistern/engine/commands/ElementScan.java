package dev.cistern.engine.commands;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Glob;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * One step of a scan over a collection's elements, for HSCAN, SSCAN and ZSCAN: its options, and the reply of a cursor and
 * the elements that match.
 *
 * <p>Lives for one command, on the loop's thread.
 */
final class ElementScan {
    private static final long USUAL_COUNT = 10;
    /** How many empty parts weigh as much as one element: with many holes a scan must come to an end as well. */
    private static final long PARTS_PER_ELEMENT = 10;

    private @Nullable Bytes pattern;
    private long count = USUAL_COUNT;
    private boolean showsValues = true;
    private long parts;
    private long shown;
    private long written;

    /** Reads MATCH, COUNT and, if there is one, the word that asks for elements without what belongs to them. */
    ElementScan(Request request, int from, @Nullable String wordForBare) {
        for (int i = from; i < request.count(); i++) {
            if (wordForBare != null && request.is(i, wordForBare)) {
                showsValues = false;
            } else if (i + 1 == request.count()) {
                throw CommandException.SYNTAX_ERROR;
            } else if (request.is(i, "MATCH")) {
                Bytes wanted = request.argument(++i);
                pattern = Glob.matchesAll(wanted) ? null : wanted;
            } else if (request.is(i, "COUNT")) {
                count = request.longAt(++i);
            } else {
                throw CommandException.SYNTAX_ERROR;
            }
            if (count < 1) {
                throw CommandException.SYNTAX_ERROR;
            }
        }
    }

    /** The reply for a key that is not there. */
    static void empty(Reply reply) {
        reply.array(2);
        reply.bulk(0);
        reply.array(0);
    }

    boolean showsValues() {
        return showsValues;
    }

    long begin(Reply reply) {
        reply.array(2);
        return reply.open();
    }

    boolean matches(Bytes element) {
        return pattern == null || Glob.matches(pattern, element);
    }

    void write(Reply reply, Bytes text) {
        reply.bulk(text);
        written++;
    }

    void write(Reply reply, byte[] text) {
        reply.bulk(text);
        written++;
    }

    /** A part of the collection is over that had so many elements. */
    void passed(long elements) {
        parts++;
        shown += elements;
    }

    boolean wantsMore() {
        return shown < count && parts / PARTS_PER_ELEMENT < count;
    }

    void end(Reply reply, long mark, long cursor) {
        reply.closeArray(mark, written);
        // The cursor goes first but is known last.
        reply.insertBulk(mark, Long.toUnsignedString(cursor));
    }
}

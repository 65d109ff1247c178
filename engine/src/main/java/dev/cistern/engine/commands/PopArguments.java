package dev.cistern.engine.commands;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Request;

/**
 * What stands in commands that pop from the first of several keys: {@code numkeys key [key ...] where [COUNT count]}.
 *
 * @param keys
 *            how many keys follow their number
 * @param first
 *            whether the first of the two words was given for where to pop
 * @param count
 *            how many elements to pop at most
 */
record PopArguments(int keys, boolean first, long count) {
    private static final CommandException NO_KEYS = CommandException.of("ERR numkeys should be greater than 0");
    private static final CommandException NO_COUNT = CommandException.of("ERR count should be greater than 0");

    /** Reads from the argument at {@code index}, the number of keys, to the last. Throws in the original's order. */
    static PopArguments read(Request request, int index, String firstWord, String secondWord) {
        long keys = atLeastOne(request, index, NO_KEYS);
        if (keys >= request.count() - index - 1) {
            throw CommandException.SYNTAX_ERROR;
        }
        int where = index + 1 + (int) keys;
        boolean first = request.is(where, firstWord);
        if (!first && !request.is(where, secondWord)) {
            throw CommandException.SYNTAX_ERROR;
        }
        boolean counts = where + 1 < request.count();
        if (counts && (where + 3 != request.count() || !request.is(where + 1, "COUNT"))) {
            // A count that is wrong is found before what follows it.
            if (where + 3 < request.count() && request.is(where + 1, "COUNT")) {
                atLeastOne(request, where + 2, NO_COUNT);
            }
            throw CommandException.SYNTAX_ERROR;
        }
        return new PopArguments((int) keys, first, counts ? atLeastOne(request, where + 2, NO_COUNT) : 1);
    }

    private static long atLeastOne(Request request, int index, CommandException otherwise) {
        long value = request.longAt(index, otherwise);
        if (value < 1) {
            throw otherwise;
        }
        return value;
    }
}

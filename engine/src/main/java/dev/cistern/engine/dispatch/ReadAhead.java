package dev.cistern.engine.dispatch;

import dev.cistern.engine.protocol.Leftover;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.protocol.RequestParser;
import dev.cistern.store.Keyspace;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The next few requests of a pipeline, read before the first of them runs, so that the cache misses of their keys
 * overlap instead of queueing up.
 *
 * <p>Pays from a few requests on: a lookup among 100,000 keys waits for two lines of memory. Whoever has not said who he
 * is gets no reading ahead, because his next command may change what he may send. One per node and loop; its thread
 * only.
 */
final class ReadAhead {
    private static final int MOST = 16;
    /** Fewer than this are executed before their memory could have arrived. */
    private static final int WORTH_FETCHING = 4;

    private final Request[] requests = new Request[MOST];
    private final @Nullable Command[] commands = new Command[MOST];
    private final RequestParser parser = new RequestParser();
    private final Dispatcher dispatcher;
    private RequestParser.Result result = RequestParser.Result.REQUEST;
    private int count;

    ReadAhead(Dispatcher dispatcher) {
        this.dispatcher = dispatcher;
        Arrays.setAll(requests, _ -> new Request());
    }

    RequestParser parser() {
        return parser;
    }

    /** Goes on with a leftover that now lies, with what arrived since, at the address. */
    void resume(Leftover leftover, long address, long length) {
        parser.resume(leftover, requests[0], address, length);
    }

    /** Reads as many whole requests as there are, up to a few; answers how many. */
    int read(Session session) {
        count = 0;
        int most = session.isAuthenticated() ? MOST : 1;
        do {
            result = parser.next(requests[count]);
            if (result == RequestParser.Result.REQUEST) {
                commands[count] = dispatcher.commandOf(requests[count]);
                count++;
            }
        } while (result == RequestParser.Result.REQUEST && count < most);
        if (count >= WORTH_FETCHING) {
            prefetch(session.keyspace());
        }
        return count;
    }

    private void prefetch(Keyspace keyspace) {
        for (int i = 0; i < count; i++) {
            Command command = commands[i];
            if (command != null && command.onlyKey != 0 && command.onlyKey < requests[i].count()) {
                keyspace.prefetch(requests[i].key(command.onlyKey));
            }
        }
    }

    /** Why the reading ended: REQUEST if there may be more. */
    RequestParser.Result result() {
        return result;
    }

    Request request(int index) {
        return requests[index];
    }

    /** The command that the request names, or null. */
    @Nullable
    Command command(int index) {
        return commands[index];
    }
}

package dev.cistern.engine.commands;

import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.StreamWalk;
import dev.cistern.store.Streams;

/** How the entries of streams are answered: each as its id and a flat list of fields and values, in RESP3 too. */
final class StreamReplies {

    private StreamReplies() {}

    /** The entry that the walk shows. */
    static void entry(StreamWalk walk, Request request, Reply reply) {
        reply.array(2);
        reply.streamId(walk.millis(), walk.sequence());
        int fields = walk.fields();
        reply.array(2L * fields);
        for (int i = 0; i < fields; i++) {
            walk.nextField(request.view(), request.secondView());
            reply.bulk(request.view());
            reply.bulk(request.secondView());
        }
    }

    /** The rest of a walk, at most {@code most} entries, as an array; returns how many. */
    static long entries(StreamWalk walk, long most, Request request, Reply reply) {
        long mark = reply.open();
        long shown = 0;
        while (shown < most && walk.next()) {
            entry(walk, request, reply);
            shown++;
        }
        reply.closeArray(mark, shown);
        return shown;
    }

    /** The one entry with this id, or null. */
    static void entryOrNull(Streams streams, long millis, long sequence, Request request, Reply reply) {
        streams.walk().beginAt(millis, sequence);
        if (streams.walk().next()) {
            entry(streams.walk(), request, reply);
        } else {
            reply.nullBulk();
        }
    }
}

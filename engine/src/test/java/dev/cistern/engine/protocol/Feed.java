package dev.cistern.engine.protocol;

import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Feeds a stream in pieces, as the node does: what is left over is kept and put in front of the next piece. */
final class Feed {
    private final byte[] stream;
    private final List<Integer> pieces = new ArrayList<>();
    private final Request request = new Request();
    private final RequestParser parser = new RequestParser(request);
    private final Leftover leftover = new Leftover();
    private final List<List<String>> found = new ArrayList<>();

    Feed(byte[] stream, int[] pieces) {
        this.stream = stream;
        for (int piece : pieces) {
            this.pieces.add(piece);
        }
    }

    Feed(byte[] stream, SplittableRandom random) {
        this.stream = stream;
        for (int left = stream.length; left > 0;) {
            int piece = Math.min(left, random.nextInt(1, random.nextBoolean() ? 4 : 5000));
            pieces.add(piece);
            left -= piece;
        }
    }

    List<List<String>> requests() {
        parser.limits(true, 1 << 20);
        int at = 0;
        for (int piece : pieces) {
            if (!feed(at, piece)) {
                break;
            }
            at += piece;
        }
        leftover.free();
        return found;
    }

    private boolean feed(int at, int length) {
        long before = leftover.length();
        // Eight bytes more: readers may load a word where one byte is left.
        long size = before + length + 8;
        long address = Memory.allocate(MemoryTag.SESSION, size);
        Memory.copy(leftover.address(), address, before);
        Memory.copy(stream, at, address + before, length);
        if (before == 0) {
            parser.begin(address, length);
        } else {
            parser.resume(leftover, address, before + length);
        }
        leftover.reset();
        RequestParser.Result result = parser.next();
        while (result == RequestParser.Result.REQUEST) {
            List<String> arguments = new ArrayList<>();
            for (int i = 0; i < request.count(); i++) {
                arguments.add(new String(request.copy(i), StandardCharsets.ISO_8859_1));
            }
            found.add(arguments);
            result = parser.next();
        }
        parser.suspend(leftover);
        leftover.append(parser.start(), parser.unfinishedBytes(), parser.missingBulkBytes());
        Memory.free(MemoryTag.SESSION, address, size);
        return result == RequestParser.Result.NEEDS_MORE;
    }
}

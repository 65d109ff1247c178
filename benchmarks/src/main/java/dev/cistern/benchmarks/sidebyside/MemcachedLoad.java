package dev.cistern.benchmarks.sidebyside;

import dev.cistern.benchmarks.sidebyside.MemcachedCell.Request;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A {@linkplain CountedLoad load} of Memcached's text protocol: all keys and all values have one length, and every key is
 * there, so the length of each reply is known.
 */
final class MemcachedLoad implements AutoCloseable {

    /** What each connection sends in turn. */
    private static final int SCRIPTS = 64;
    private static final int MIXED_GETS_OF_TEN = 9;

    private final int keys;
    private final CountedLoad load;

    MemcachedLoad(RunningPeer server, int connections, int keys) throws IOException {
        this.keys = keys;
        this.load = new CountedLoad(server, connections);
    }

    /** Runs a cell's load for so long and tells what it and the kernel saw. */
    Sample run(MemcachedCell cell, Duration duration) throws IOException {
        SplittableRandom random = new SplittableRandom(cell.hashCode());
        List<CountedLoad.Script> scripts = new ArrayList<>();
        for (int i = 0; i < SCRIPTS; i++) {
            scripts.add(script(cell, random));
        }
        return load.run(new CountedLoad.Scripts(scripts, cell.pipeline()), duration, Long.MAX_VALUE);
    }

    private CountedLoad.Script script(MemcachedCell cell, SplittableRandom random) {
        String value = "x".repeat(cell.valueBytes());
        StringBuilder requests = new StringBuilder();
        long replyBytes = 0;
        for (int i = 0; i < cell.pipeline(); i++) {
            boolean isSet = cell.request() == Request.SET
                    || (cell.request() == Request.MIXED && random.nextInt(10) >= MIXED_GETS_OF_TEN);
            if (isSet) {
                requests.append("set ").append(key(random)).append(" 0 0 ").append(cell.valueBytes()).append("\r\n")
                        .append(value).append("\r\n");
                replyBytes += "STORED\r\n".length();
            } else {
                requests.append("get");
                for (int k = 0; k < cell.request().keys(); k++) {
                    String key = key(random);
                    requests.append(' ').append(key);
                    replyBytes += ("VALUE " + key + " 0 " + cell.valueBytes() + "\r\n\r\n").length()
                            + cell.valueBytes();
                }
                requests.append("\r\n");
                replyBytes += "END\r\n".length();
            }
        }
        return CountedLoad.Script.of(requests.toString(), replyBytes);
    }

    private String key(SplittableRandom random) {
        return PeerConnection.key("key:", random.nextInt(keys));
    }

    @Override
    public void close() throws IOException {
        load.close();
    }
}

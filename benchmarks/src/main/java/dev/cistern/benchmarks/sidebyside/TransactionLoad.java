package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A {@linkplain CountedLoad load} of transactions, which redis-benchmark cannot send: MULTI, five times SET of any key,
 * EXEC. The seven commands are sent together and count as one operation.
 */
final class TransactionLoad {
    private static final int SCRIPTS = 64;
    static final int COMMANDS = 5;
    private static final String VALUE = "value:1234567890";
    private static final int REPLY_BYTES = "+OK\r\n".length() + COMMANDS * "+QUEUED\r\n".length() + "*5\r\n".length()
            + COMMANDS * "+OK\r\n".length();

    private TransactionLoad() {}

    static Sample run(RunningPeer server, int connections, int pipeline, int keys, long transactions, Duration patience)
            throws IOException {
        SplittableRandom random = new SplittableRandom(keys);
        List<CountedLoad.Script> scripts = new ArrayList<>();
        for (int i = 0; i < SCRIPTS; i++) {
            scripts.add(script(pipeline, keys, random));
        }
        try (CountedLoad load = new CountedLoad(server, connections)) {
            return load.run(new CountedLoad.Scripts(scripts, pipeline), patience, transactions);
        }
    }

    private static CountedLoad.Script script(int pipeline, int keys, SplittableRandom random) {
        StringBuilder requests = new StringBuilder();
        for (int i = 0; i < pipeline; i++) {
            PeerConnection.append(requests, "MULTI");
            for (int command = 0; command < COMMANDS; command++) {
                PeerConnection.append(requests, "SET", PeerConnection.key("key:", random.nextInt(keys)), VALUE);
            }
            PeerConnection.append(requests, "EXEC");
        }
        return CountedLoad.Script.of(requests.toString(), (long) pipeline * REPLY_BYTES);
    }
}

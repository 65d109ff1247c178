package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A {@linkplain CountedLoad load} of operations that are several commands each, which redis-benchmark cannot send. The
 * commands of an operation are sent together and count as one.
 */
final class ScriptedLoad {
    private static final int SCRIPTS = 64;
    /** Of a transaction, between MULTI and EXEC. */
    static final int COMMANDS = 5;
    private static final String VALUE = "value:1234567890";

    /** What each operation sends, and how long its replies are. */
    private interface Operation {
        void append(StringBuilder requests);

        int replyBytes();
    }

    private ScriptedLoad() {}

    static Sample run(RunningPeer server, Cell cell, Plan plan, long operations, Duration patience) throws IOException {
        Operation operation = cell.workload() == Workload.MULTI
                ? transaction(plan.keys())
                : pushAndPop(plan.keys(), plan.connections() * cell.pipeline());
        List<CountedLoad.Script> scripts = new ArrayList<>();
        for (int i = 0; i < SCRIPTS; i++) {
            StringBuilder requests = new StringBuilder();
            for (int j = 0; j < cell.pipeline(); j++) {
                operation.append(requests);
            }
            scripts.add(CountedLoad.Script.of(requests.toString(), (long) cell.pipeline() * operation.replyBytes()));
        }
        try (CountedLoad load = new CountedLoad(server, plan.connections())) {
            return load.run(new CountedLoad.Scripts(scripts, cell.pipeline()), patience, operations);
        }
    }

    /** MULTI, five times SET of any key, EXEC. */
    private static Operation transaction(int keys) {
        SplittableRandom random = new SplittableRandom(keys);
        return new Operation() {
            @Override
            public void append(StringBuilder requests) {
                PeerConnection.append(requests, "MULTI");
                for (int command = 0; command < COMMANDS; command++) {
                    PeerConnection.append(requests, "SET", PeerConnection.key("key:", random.nextInt(keys)), VALUE);
                }
                PeerConnection.append(requests, "EXEC");
            }

            @Override
            public int replyBytes() {
                return "+OK\r\n".length() + COMMANDS * "+QUEUED\r\n".length() + "*5\r\n".length()
                        + COMMANDS * "+OK\r\n".length();
            }
        };
    }

    /** LPUSH and LPOP of a list that holds {@code elements} before, and at most so many more meanwhile. */
    private static Operation pushAndPop(int elements, int more) {
        String reply = ":" + (elements + 1) + "\r\n$" + VALUE.length() + "\r\n" + VALUE + "\r\n";
        if (Integer.toString(elements).length() != Integer.toString(elements + more).length()) {
            throw new IllegalArgumentException("LPUSH and LPOP need a number of keys whose digits do not change with "
                    + more + " more, as 100000");
        }
        return new Operation() {
            @Override
            public void append(StringBuilder requests) {
                PeerConnection.append(requests, "LPUSH", "list", VALUE);
                PeerConnection.append(requests, "LPOP", "list");
            }

            @Override
            public int replyBytes() {
                return reply.length();
            }
        };
    }
}

package dev.cistern.benchmarks.failover;

import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * A process that writes to one node only, wherever that may be, until its input ends. It says {@value #BEGUN} when the first
 * write was acknowledged; and at its end what was acknowledged, and when, by the clock that all processes of a machine share:
 * a line {@code nanos key} each.
 */
final class LonelyWriter {

    static final String BEGUN = "begun";

    private static final int LOOK_MILLIS = 10;

    private LonelyWriter() {}

    /** Arguments: host, port, what its keys begin with, how many replicas must have a key, and how long it rests. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Writer writer = new Writer(arguments[2], new InetSocketAddress(arguments[0], Integer.parseInt(arguments[1])),
                Integer.parseInt(arguments[3]), Integer.parseInt(arguments[4]));
        Thread thread = Thread.ofPlatform().start(writer);
        Thread.ofVirtual().start(() -> sayBegun(writer));
        while (System.in.read() >= 0) {
            // Nothing is said.
        }
        writer.end();
        thread.join();
        long[] times = writer.times();
        String[] keys = writer.keys();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < keys.length; i++) {
            text.append(times[i]).append(' ').append(keys[i]).append('\n');
        }
        System.out.print(text);
        System.out.flush();
    }

    private static void sayBegun(Writer writer) {
        while (writer.count() == 0) {
            Stage.pause(LOOK_MILLIS);
        }
        System.out.println(BEGUN);
        System.out.flush();
    }
}

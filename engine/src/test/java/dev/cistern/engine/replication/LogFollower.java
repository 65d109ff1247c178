package dev.cistern.engine.replication;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A replica that keeps nothing: asks for the log, throws the snapshot away, and tells what comes. */
final class LogFollower implements AutoCloseable {
    private final TestClient client;
    private final String history;
    private final long offset;

    LogFollower(int port) {
        this(port, 1);
    }

    /** One that says that it listens there. */
    LogFollower(int port, int ownPort) {
        client = new TestClient(port);
        client.send("REPLCONF", "listening-port", "" + ownPort, "capa", "psync2");
        String[] words = ask(client, "PSYNC", "?", "-1").split(" ", -1);
        history = words[1];
        offset = Long.parseLong(words[2]);
        client.skipBytes(Long.parseLong(line(client).substring(1)));
    }

    /** Asks for the log, and reads the first line of the answer; signs of life left out. */
    static String ask(TestClient client, String... words) {
        client.write(words);
        return line(client);
    }

    static String line(TestClient client) {
        String line = "";
        while (line.isEmpty()) {
            line = client.readUntil("\n").strip();
        }
        return line;
    }

    /** Tells that it has so much. */
    void acknowledge(long reached) {
        client.write("REPLCONF", "ACK", "" + reached);
    }

    String history() {
        return history;
    }

    long offset() {
        return offset;
    }

    /** The commands up to one that has this word in it, each as one line; signs of life left out. */
    List<String> until(String word) {
        List<String> lines = new ArrayList<>();
        while (true) {
            WireReply.Array request = (WireReply.Array) client.read();
            List<String> words = request.members().stream().map(each -> ((WireReply.Bulk) each).text())
                    .collect(Collectors.toList());
            words.set(0, words.getFirst().toUpperCase(Locale.ROOT));
            String line = String.join(" ", words);
            if (line.contains(word)) {
                return lines;
            }
            if (!line.equals("PING") && !line.startsWith("REPLCONF")) {
                lines.add(line);
            }
        }
    }

    @Override
    public void close() {
        client.close();
    }
}

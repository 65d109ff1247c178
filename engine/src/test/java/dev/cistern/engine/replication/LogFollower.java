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
        client = new TestClient(port);
        client.send("REPLCONF", "listening-port", "1", "capa", "psync2");
        client.write("PSYNC", "?", "-1");
        String[] words = line().split(" ", -1);
        history = words[1];
        offset = Long.parseLong(words[2]);
        skip(Long.parseLong(line().substring(1)));
    }

    private String line() {
        String line = "";
        while (line.isEmpty()) {
            line = client.readUntil("\n").strip();
        }
        return line;
    }

    private void skip(long bytes) {
        client.skipBytes(bytes);
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

package dev.cistern.engine.dispatch;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The rows of all commands, compared with what the original tells of its own. */
final class CommandRowsTest {

    /** Commands that Redis 7.0 does not have, and Valkey 8 or later does. */
    private static final Set<String> NEWER = Set.of("waitaof", "client|no-touch", "client|setinfo", "client|capa",
            "client|import-source", "commandlog", "commandlog|get",
            "commandlog|help", "commandlog|len", "commandlog|reset", "delifeq", "msetex",
            "hexpire", "hpexpire", "hexpireat", "hpexpireat", "httl", "hpttl", "hexpiretime", "hpexpiretime",
            "hpersist",
            "clusterscan", "cluster|cancelslotmigrations", "cluster|flushslot", "cluster|getslotmigrations",
            "cluster|migrateslots", "hsetex", "hgetex", "hgetdel", "script|show", "cluster|myshardid",
            "cluster|slot-stats", "cistern",
            "cistern|cancel-move", "cistern|drop-slots", "cistern|help", "cistern|import-slots", "cistern|move-slots",
            "cistern|moves", "cistern|role-ports", "cistern|fence", "cistern|follow", "cistern|lease",
            "cistern|login-tokens",
            "cistern|promote",
            "cistern|state", "cistern|set-topology", "cistern|take-slots", "cistern|topology");

    /** Rows that changed between Redis 7.0 and Valkey 8, by the command's name. */
    private static final Set<String> CHANGED = Set.of("wait", "command|getkeys", "command|getkeysandflags", "pfcount",
            "multi",
            "watch",
            "quit", "zrank", "zrevrank",
            // Since 7.2 scripts may call what blocks; it does not block there.
            "blpop", "brpop", "blmove", "brpoplpush", "bzpopmin", "bzpopmax");

    @Test
    void everyRowIsAsTheOriginalTellsIt() {
        Optional<Path> program = TestServer.original();
        Assumptions.assumeTrue(program.isPresent(), "no redis-server or valkey-server is installed to compare with");
        Map<String, String> original;
        try (TestServer server = TestServer.original(program.orElseThrow()); TestClient client = server.connect()) {
            original = rows(client);
        }
        List<String> differences = new ArrayList<>();
        try (TestServer server = TestServer.cistern(); TestClient client = server.connect()) {
            rows(client).forEach((name, row) -> {
                String theirs = original.get(name);
                boolean expected = theirs == null ? NEWER.contains(name) : row.equals(theirs) || CHANGED.contains(name);
                if (!expected) {
                    differences.add(name + "\n  ours   " + row + "\n  theirs " + theirs);
                }
            });
        }
        assertThat(differences).isEmpty();
    }

    /** Each command and subcommand with all its facts in a comparable text; the order of sets does not count. */
    private static Map<String, String> rows(TestClient client) {
        Map<String, String> rows = new HashMap<>();
        client.send("COMMAND").members().forEach(command -> addRow(command, rows));
        return rows;
    }

    private static void addRow(WireReply command, Map<String, String> rows) {
        List<WireReply> facts = command.members();
        String name = facts.getFirst().text();
        rows.put(name, "arity=%s flags=%s keys=%s,%s,%s categories=%s tips=%s specs=%s".formatted(facts.get(1).text(),
                sorted(facts.get(2)), facts.get(3).text(), facts.get(4).text(), facts.get(5).text(),
                sorted(facts.get(6)), sorted(facts.get(7)), specs(facts.get(8))));
        facts.get(9).members().forEach(subcommand -> addRow(subcommand, rows));
    }

    private static Set<String> sorted(WireReply set) {
        return new TreeSet<>(set.texts());
    }

    private static List<String> specs(WireReply specs) {
        return specs.members().stream().map(spec -> {
            List<WireReply> pairs = spec.members();
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < pairs.size(); i += 2) {
                boolean isFlags = pairs.get(i).text().equals("flags");
                boolean isNotes = pairs.get(i).text().equals("notes");
                text.append(isNotes ? "" : isFlags ? sorted(pairs.get(i + 1)) : pairs.get(i + 1));
            }
            return text.toString();
        }).toList();
    }

    @Test
    void everyRowHasItsDocumentation() {
        try (TestServer server = TestServer.cistern(); TestClient client = server.connect()) {
            List<WireReply> docs = client.send("COMMAND", "DOCS").members();
            List<String> undocumented = new ArrayList<>();
            for (int i = 0; i < docs.size(); i += 2) {
                noteUndocumented(docs.get(i).text(), docs.get(i + 1), undocumented);
            }
            assertThat(undocumented).isEmpty();
        }
    }

    private static void noteUndocumented(String name, WireReply doc, List<String> undocumented) {
        List<WireReply> facts = doc.members();
        boolean documented = false;
        for (int i = 0; i < facts.size(); i += 2) {
            documented |= facts.get(i).equals(WireReply.bulk("summary"));
            if (facts.get(i).equals(WireReply.bulk("subcommands"))) {
                List<WireReply> subcommands = facts.get(i + 1).members();
                for (int s = 0; s < subcommands.size(); s += 2) {
                    noteUndocumented(subcommands.get(s).text(), subcommands.get(s + 1), undocumented);
                }
            }
        }
        if (!documented) {
            undocumented.add(name);
        }
    }
}

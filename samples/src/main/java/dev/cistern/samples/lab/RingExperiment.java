package dev.cistern.samples.lab;

import dev.cistern.toolkit.backend.KetamaRing;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/** How many keys change their node when one is added: with a hash modulo the number of nodes, and on a ketama ring. */
final class RingExperiment {

    private RingExperiment() {}

    /** The shares that moved when {@code nodes} became one more. */
    record Moved(int nodes, double modulo, double ring) {}

    static List<Moved> run(int mostNodes, int keys) {
        List<Moved> all = new ArrayList<>();
        for (int nodes = 1; nodes <= mostNodes; nodes++) {
            KetamaRing<Integer> before = ring(nodes);
            KetamaRing<Integer> after = ring(nodes + 1);
            int byModulo = 0;
            int byRing = 0;
            for (int number = 0; number < keys; number++) {
                String key = "user:" + number;
                byModulo += modulo(key, nodes) == modulo(key, nodes + 1) ? 0 : 1;
                byRing += before.nodeOf(key).equals(after.nodeOf(key)) ? 0 : 1;
            }
            all.add(new Moved(nodes, (double) byModulo / keys, (double) byRing / keys));
        }
        return all;
    }

    private static int modulo(String key, int nodes) {
        CRC32 hash = new CRC32();
        hash.update(key.getBytes(StandardCharsets.UTF_8));
        return (int) (hash.getValue() % nodes);
    }

    private static KetamaRing<Integer> ring(int nodes) {
        Map<String, Integer> members = new LinkedHashMap<>();
        for (int number = 1; number <= nodes; number++) {
            members.put("10.0.0." + number + ":11211", number);
        }
        return KetamaRing.of(members);
    }
}

package dev.cistern.toolkit.backend;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * The ring against libketama's mapping as libmemcached has it: a hundred thousand keys, asked of Debian's library by a
 * few lines of Python, and the digests of its answers for machines without it. (For the port 11211 libmemcached leaves
 * the port out of the name, where libketama has what its list of servers says; the nodes here have another port.)
 */
final class LibketamaTest {

    private static final int KEYS = 100_000;

    /** Weight of each node, and the SHA-256 of libmemcached 1.1.4's answers: the place of each key's node, one a line. */
    private static final Map<List<Integer>, String> FACTS = Map.of(
            equal(1), "2b24177887d7488ecf6c77cf713a167fb66538816615870297afe9db70f90370",
            equal(2), "317ead07b1d9fdf8ca2e3c93fd8289d943bc8ad3416722db579337fd7fea846a",
            equal(3), "4bfd1b5134fbc6774418eb332b2af80d25c8de350dca57a85120ff7da184c237",
            equal(5), "9136d53edb47632d8906bb9ab0aeb52505d285755ec5a5afbd23d0e2a0ca48c1",
            equal(7), "fc7bed10d6f60abbd8e43bfb35f18f7aef34165519b1e6fbd5ed76ac6090e60d",
            equal(10), "d047ca630b32ffd0695539727f3f56a23c814c5aea593ad8bfccfe5a77930f91",
            equal(61), "6f8e9fe8f67edb8c18baead439175c62e108e49c8cd3c0a7e1b4c01a0b0597ca",
            List.of(600, 300, 200, 350), "171dcd225c9de67b750bcede03fb9def63afbcc851dc03672a1043ea4bd6120c");

    private static final String QUESTION = """
            import ctypes, sys
            lib = ctypes.CDLL("libmemcached.so.11")
            lib.memcached_create.restype = ctypes.c_void_p
            lib.memcached_create.argtypes = [ctypes.c_void_p]
            lib.memcached_behavior_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint64]
            lib.memcached_server_add_with_weight.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint16, ctypes.c_uint32]
            lib.memcached_generate_hash.restype = ctypes.c_uint32
            lib.memcached_generate_hash.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
            client = lib.memcached_create(None)
            KETAMA_WEIGHTED = 16
            assert lib.memcached_behavior_set(client, KETAMA_WEIGHTED, 1) == 0
            for at, weight in enumerate(sys.argv[2:]):
                name = "10.0.1.%d" % (at + 1)
                assert lib.memcached_server_add_with_weight(client, name.encode(), 11300, int(weight)) == 0
            for number in range(int(sys.argv[1])):
                key = ("key:%d" % number).encode()
                print(lib.memcached_generate_hash(client, key, len(key)))
            """;

    @TempDir
    private Path folder;

    private static List<Integer> equal(int nodes) {
        return Collections.nCopies(nodes, 1);
    }

    private static List<String> ours(List<Integer> weights) {
        List<KetamaRing.Member<Integer>> members = new ArrayList<>();
        for (int at = 0; at < weights.size(); at++) {
            members.add(new KetamaRing.Member<>("10.0.1." + (at + 1) + ":11300", weights.get(at), at));
        }
        KetamaRing<Integer> ring = KetamaRing.of(members);
        List<String> places = new ArrayList<>();
        for (int number = 0; number < KEYS; number++) {
            places.add(Integer.toString(ring.nodeOf("key:" + number)));
        }
        return places;
    }

    private static String digest(List<String> lines) throws Exception {
        byte[] text = (String.join("\n", lines) + "\n").getBytes(UTF_8);
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text));
    }

    @Test
    void mapsAsTheDigestsOfLibmemcachedsAnswersSay() throws Exception {
        for (Map.Entry<List<Integer>, String> fact : FACTS.entrySet()) {
            assertThat(digest(ours(fact.getKey()))).as("weights %s", fact.getKey()).isEqualTo(fact.getValue());
        }
    }

    @Test
    void mapsAsTheInstalledLibmemcached() throws Exception {
        for (List<Integer> weights : FACTS.keySet()) {
            assertThat(ours(weights)).as("weights %s", weights).isEqualTo(theirs(weights));
        }
    }

    private List<String> theirs(List<Integer> weights) throws IOException, InterruptedException {
        Path answer = folder.resolve("answer");
        List<String> command = new ArrayList<>(List.of("python3", "-", Integer.toString(KEYS)));
        weights.forEach(weight -> command.add(weight.toString()));
        Process python;
        try {
            python = new ProcessBuilder(command).redirectOutput(answer.toFile()).redirectError(
                    ProcessBuilder.Redirect.DISCARD).start();
        } catch (IOException e) {
            Assumptions.abort("python3 is not installed");
            throw e;
        }
        try (OutputStream script = python.getOutputStream()) {
            script.write(QUESTION.getBytes(UTF_8));
        }
        Assumptions.assumeTrue(python.waitFor() == 0, "libmemcached is not installed");
        return Files.readAllLines(answer);
    }
}

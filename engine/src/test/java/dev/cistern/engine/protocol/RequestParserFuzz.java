package dev.cistern.engine.protocol;

import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** However a stream is cut, the parser finds the same requests; whatever bytes come, it ends and holds nothing. */
final class RequestParserFuzz {
    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);

    /** Each byte is spelled with four, and a line may have 64 KB. */
    private static final int MAX_INLINE_BYTES = 10_000;

    private long heldBefore;

    @BeforeEach
    void note() {
        heldBefore = Memory.heldBytes(MemoryTag.SESSION);
    }

    @AfterEach
    void nothingIsHeld() {
        assertThat(Memory.heldBytes(MemoryTag.SESSION)).isEqualTo(heldBefore);
    }

    @Test
    void anyCutGivesTheSameRequests() {
        for (int round = 0; round < 300 * EFFORT; round++) {
            long seed = System.nanoTime() + round;
            SplittableRandom random = new SplittableRandom(seed);
            List<List<String>> requests = randomRequests(random);
            byte[] stream = encode(requests, random);
            List<List<String>> found = new Feed(stream, random).requests();
            assertThat(found).as("seed %d", seed).isEqualTo(requests);
        }
    }

    @Test
    void everySingleCutGivesTheSameRequests() {
        byte[] stream = "*2\r\n$4\r\nECHO\r\n$3\r\na\r\n\r\nSET \"k\\x41\" 'v v'\r\n\r\n*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n"
                .getBytes(StandardCharsets.ISO_8859_1);
        List<List<String>> expected = List.of(List.of("ECHO", "a\r\n"), List.of("SET", "kA", "v v"), List.of("PING"));
        for (int cut = 0; cut <= stream.length; cut++) {
            assertThat(new Feed(stream, new int[]{cut, stream.length - cut}).requests()).as("cut at %d", cut)
                    .isEqualTo(expected);
        }
        int[] bytes = new int[stream.length];
        java.util.Arrays.fill(bytes, 1);
        assertThat(new Feed(stream, bytes).requests()).isEqualTo(expected);
    }

    @Test
    void garbageEndsAndHoldsNothing() {
        String letters = "*$\r\n0123456789-+ \"'\\xabPING\0\u00ff";
        for (int round = 0; round < 3000 * EFFORT; round++) {
            SplittableRandom random = new SplittableRandom(System.nanoTime() + round);
            byte[] stream = new byte[random.nextInt(1, 200)];
            for (int i = 0; i < stream.length; i++) {
                stream[i] = (byte) letters.charAt(random.nextInt(letters.length()));
            }
            // What it finds does not matter: it must end, without an exception.
            assertThat(new Feed(stream, random).requests()).isNotNull();
        }
    }

    private static List<List<String>> randomRequests(SplittableRandom random) {
        List<List<String>> requests = new ArrayList<>();
        for (int i = random.nextInt(1, 20); i > 0; i--) {
            List<String> arguments = new ArrayList<>();
            for (int a = random.nextInt(1, random.nextInt(10) == 0 ? 200 : 5); a > 0; a--) {
                arguments.add(randomText(random));
            }
            requests.add(arguments);
        }
        return requests;
    }

    private static String randomText(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(random.nextInt(20) == 0 ? 3000 : 12); n > 0; n--) {
            text.append((char) random.nextInt(256));
        }
        return text.toString();
    }

    private static byte[] encode(List<List<String>> requests, SplittableRandom random) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (List<String> request : requests) {
            if (random.nextInt(5) == 0) {
                out.writeBytes("\r\n*0\r\n".getBytes(StandardCharsets.ISO_8859_1));
            }
            if (random.nextInt(3) == 0 && request.stream().mapToInt(String::length).sum() < MAX_INLINE_BYTES) {
                request.forEach(argument -> out.writeBytes((quote(argument) + " ").getBytes(
                        StandardCharsets.ISO_8859_1)));
                out.writeBytes("\r\n".getBytes(StandardCharsets.ISO_8859_1));
            } else {
                out.writeBytes(array(request));
            }
        }
        return out.toByteArray();
    }

    private static byte[] array(List<String> request) {
        StringBuilder text = new StringBuilder("*" + request.size() + "\r\n");
        request.forEach(argument -> text.append('$').append(argument.length()).append("\r\n").append(argument)
                .append("\r\n"));
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String quote(String argument) {
        StringBuilder text = new StringBuilder("\"");
        argument.chars().forEach(letter -> text.append(String.format("\\x%02x", letter)));
        return text.append('"').toString();
    }
}

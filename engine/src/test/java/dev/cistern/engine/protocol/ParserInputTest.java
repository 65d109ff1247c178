package dev.cistern.engine.protocol;

import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Any bytes through the parser, cut at a place that the first byte tells: it ends, and holds nothing. For Jazzer, a fuzzer
 * that looks for inputs that reach new code ({@code --target_class} is this one); the seeds alone are a test.
 */
final class ParserInputTest {

    /** Jazzer calls it with one input after the other. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        long before = Memory.heldBytes(MemoryTag.SESSION);
        int cut = (input[0] & 0xFF) % input.length;
        var _ = new Feed(input, new int[]{cut, input.length - cut}).requests();
        if (Memory.heldBytes(MemoryTag.SESSION) != before) {
            throw new AssertionError("memory is held");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"*1\r\n$4\r\nPING\r\n", "*2\r\n$4\r\nECHO\r\n$3\r\na\r\n\r\n", "SET \"k\\x41\" 'v v'\r\n",
            "*0\r\n*-1\r\nPING\r\n", "*3\r\n$-1\r\n", "*99999999999\r\n", "$5\r\nhello\r\n", "\"unbalanced\r\n",
            "*2\r\n$4\r\nECHO\r\n$536870912\r\nx",
            "\0\0\0\r\n", "*1\r\n:5\r\n"})
    void seedsPass(String seed) {
        byte[] bytes = seed.getBytes(StandardCharsets.ISO_8859_1);
        for (int first = 0; first < bytes.length; first++) {
            byte[] input = new byte[bytes.length + 1];
            input[0] = (byte) first;
            System.arraycopy(bytes, 0, input, 1, bytes.length);
            fuzzerTestOneInput(input);
        }
        fuzzerTestOneInput(bytes);
    }
}

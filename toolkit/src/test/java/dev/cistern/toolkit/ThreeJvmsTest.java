package dev.cistern.toolkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

/** A thousand readers in three JVMs miss the same key at the same time, and it is loaded once. */
public class ThreeJvmsTest {

    private static final int[] READERS = {334, 333, 333};

    /** A child JVM that is spoken to by lines. */
    private static final class Member implements AutoCloseable {

        private final Process process;
        private final BufferedReader output;

        Member(String server, int readers) throws IOException {
            process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
                    "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), HerdMember.class.getName(),
                    server, Integer.toString(
                            readers))
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start();
            output = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
        }

        void tell(String word) throws IOException {
            process.getOutputStream().write((word + "\n").getBytes(UTF_8));
            process.getOutputStream().flush();
        }

        void expect(String word) throws IOException {
            assertThat(output.readLine()).isEqualTo(word);
        }

        String lastWords() throws IOException {
            return output.readLine();
        }

        @Override
        public void close() throws IOException {
            process.destroyForcibly();
            output.close();
        }
    }

    @Test
    @Timeout(value = 3, unit = TimeUnit.MINUTES)
    void aThousandConcurrentMissesAreOneLoad() throws Exception {
        List<Member> herd = new ArrayList<>();
        try (Server server = Server.redis()) {
            for (int readers : READERS) {
                herd.add(new Member(server.redisUri(), readers));
            }
            for (Member member : herd) {
                member.expect("ready");
            }
            for (Member member : herd) {
                member.tell("go");
            }
            for (Member member : herd) {
                member.expect("missed");
            }
            for (Member member : herd) {
                member.tell("land");
            }
            List<String> results = new ArrayList<>();
            for (Member member : herd) {
                results.add(member.lastWords());
            }
            assertThat(results.stream().map(result -> result.charAt(0)).sorted()).containsExactly('0', '0', '1');
            for (int number = 0; number < READERS.length; number++) {
                assertThat(results.get(number)).endsWith(" loaded, {front, load 1=" + READERS[number] + "}");
            }
        } finally {
            for (Member member : herd) {
                member.close();
            }
        }
    }
}

package dev.cistern.engine.memcached;

import dev.cistern.engine.memcached.MemcachedServer.Maker;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** pymemcache, as it is installed, against a node of ours. */
final class PythonClientTest {
    private static final String SCRIPT = """
            import sys
            from pymemcache.client.base import Client
            client = Client(('127.0.0.1', int(sys.argv[1])), default_noreply=False)
            assert client.set('a', 'text', expire=100)
            assert client.get('a') == b'text'
            assert client.get('missing') is None
            assert not client.add('a', 'other')
            assert client.append('a', '!') and client.prepend('a', '<')
            value, unique = client.gets('a')
            assert value == b'<text!'
            assert client.cas('a', 'new', unique) is True
            assert client.cas('a', 'newer', unique) is False
            assert client.cas('missing', 'x', '1') is None
            assert client.set('n', '9') and client.incr('n', 1) == 10 and client.decr('n', 4) == 6
            assert client.incr('missing', 1) is None
            assert client.set_many({'x': '1', 'y': '2'}) == []
            assert client.get_many(['x', 'y', 'z']) == {'x': b'1', 'y': b'2'}
            assert client.touch('x', 50) and not client.touch('z', 50)
            assert client.delete('x') and not client.delete('x')
            assert client.set('large', 'v' * 1000000) and len(client.get('large')) == 1000000
            assert client.stats()[b'curr_items'] >= 3
            assert client.version()
            assert client.flush_all() and client.get('a') is None
            client.quit()
            print('all done')
            """;

    @Test
    void worksUnmodified() throws IOException, InterruptedException {
        String python = Stream.of("/usr/bin/python3", "python3").filter(PythonClientTest::hasClient).findFirst()
                .orElse(null);
        Assumptions.assumeTrue(python != null, "pymemcache is not installed");
        try (MemcachedServer server = Maker.CISTERN.start()) {
            Process process = new ProcessBuilder(python, "-c", SCRIPT, Integer.toString(server.port()))
                    .redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(output).isEqualTo("all done\n");
            assertThat(process.waitFor()).isZero();
        }
    }

    private static boolean hasClient(String python) {
        try {
            Process process = new ProcessBuilder(python, "-c", "import pymemcache")
                    .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}

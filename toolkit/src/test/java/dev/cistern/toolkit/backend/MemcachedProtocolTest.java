package dev.cistern.toolkit.backend;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Answers of Memcached in pieces and in disorder, and the payload of a configuration endpoint. */
final class MemcachedProtocolTest {

    private static List<String> decode(byte[] bytes, SplittableRandom random) {
        EmbeddedChannel channel = new EmbeddedChannel(new MemcachedReplyDecoder());
        List<String> parts = new ArrayList<>();
        try {
            for (int at = 0; at < bytes.length;) {
                int length = Math.min(bytes.length - at, 1 + random.nextInt(7));
                channel.writeInbound(Unpooled.copiedBuffer(bytes, at, length));
                at += length;
            }
            for (Object part = channel.readInbound(); part != null; part = channel.readInbound()) {
                parts.add(part instanceof MemcachedReplyDecoder.Value value
                        ? value.key() + "=" + new String(value.data(), UTF_8) + "@" + value.cas()
                        : part.toString());
            }
            return parts;
        } finally {
            channel.finishAndReleaseAll();
        }
    }

    @Test
    void answersMayComeInAnyPieces() {
        SplittableRandom random = new SplittableRandom(5);
        String wire = "VALUE a 0 5\r\nx\r\ny!\r\nVALUE b 7 0 99\r\n\r\nEND\r\nSTORED\r\nCONFIG cluster 0 3\r\nabc\r\nEND\r\n";
        for (int n = 0; n < 200; n++) {
            assertThat(decode(wire.getBytes(UTF_8), random)).containsExactly("a=x\r\ny!@0", "b=@99", "END", "STORED",
                    "cluster=abc@0", "END");
        }
    }

    @Test
    void noiseEndsInAnErrorAndNeverInALoop() {
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        byte[] whole = "VALUE key 0 5 12\r\nhello\r\nEND\r\nNOT_STORED\r\n".getBytes(UTF_8);
        for (int n = 0; n < 5_000; n++) {
            byte[] damaged = whole.clone();
            for (int hits = 1 + random.nextInt(4); hits > 0; hits--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            try {
                assertThat(decode(damaged, random)).as("seed %d", seed).hasSizeLessThan(10);
            } catch (DecoderException refused) {
                assertThat(refused).hasMessageNotContaining("IndexOutOfBounds");
            }
        }
    }

    @Test
    void anEndlessLineIsRefused() {
        byte[] line = "x".repeat(5_000).getBytes(UTF_8);
        assertThatThrownBy(() -> decode(line, new SplittableRandom(1))).isInstanceOf(DecoderException.class);
    }

    @Test
    void topologyIsReadAsElastiCacheWritesIt() {
        MemcachedTopology topology = MemcachedTopology.parse("""
                12
                my.cache.0001.use1.amazonaws.com|10.82.235.120|11211 my.cache.0002.use1.amazonaws.com||11212
                \r
                """);
        assertThat(topology.version()).isEqualTo(12);
        assertThat(topology.nodes()).containsExactly(new MemcachedAddress("my.cache.0001.use1.amazonaws.com",
                "10.82.235.120", 11211), new MemcachedAddress("my.cache.0002.use1.amazonaws.com", "", 11212));
        assertThat(topology.nodes().get(0).connectTo()).isEqualTo("10.82.235.120");
        assertThat(topology.nodes().get(1).connectTo()).isEqualTo("my.cache.0002.use1.amazonaws.com");
        assertThat(topology.nodes().get(0).ringName()).isEqualTo("my.cache.0001.use1.amazonaws.com:11211");
    }

    @Test
    void whatIsNoTopologyIsRefused() {
        for (String wrong : List.of("", "12", "x\nhost|ip|1", "1\nhost|1", "1\n|ip|1", "1\nhost||70000", "1\na\nb",
                "1\nhost||x")) {
            assertThatThrownBy(() -> MemcachedTopology.parse(wrong)).as(wrong).isInstanceOf(
                    IllegalArgumentException.class);
        }
    }

    @Test
    void addressesAreReadWithAndWithoutPort() {
        assertThat(MemcachedAddress.parse("host")).isEqualTo(new MemcachedAddress("host", "", 11211));
        assertThat(MemcachedAddress.parse("host:1")).isEqualTo(new MemcachedAddress("host", "", 1));
        assertThat(MemcachedAddress.parse("[::1]:2")).isEqualTo(new MemcachedAddress("::1", "", 2));
        assertThat(MemcachedAddress.parse("[::1]")).isEqualTo(new MemcachedAddress("::1", "", 11211));
    }
}

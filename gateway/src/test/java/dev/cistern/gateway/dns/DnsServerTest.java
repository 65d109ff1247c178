package dev.cistern.gateway.dns;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.NamingException;
import javax.naming.OperationNotSupportedException;
import javax.naming.directory.Attribute;
import javax.naming.directory.InitialDirContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Asked by the JDK's own DNS client, over both kinds of transport, and by nonsense. */
final class DnsServerTest {

    private static final String DOMAIN = "cache.example.com";
    private static final String NAME = "shop.a1b2c3.ng.0001.use1." + DOMAIN;

    private DnsServer server;

    @BeforeEach
    void start() {
        server = DnsServer.start("127.0.0.1", 0, DOMAIN,
                name -> name.equals(NAME) ? Optional.of(address()) : Optional.empty());
    }

    @AfterEach
    void end() {
        server.close();
    }

    private static InetAddress address() {
        try {
            return InetAddress.getByAddress(new byte[]{127, 0, 1, 2});
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @SuppressWarnings("BanJNDI") // the one DNS client that every JDK has; nothing but addresses is looked up
    private @Nullable Attribute ask(String name, String type) throws NamingException {
        Properties settings = new Properties();
        settings.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.dns.DnsContextFactory");
        settings.put(Context.PROVIDER_URL, "dns://127.0.0.1:" + server.port());
        settings.put(Context.AUTHORITATIVE, "true");
        InitialDirContext client = new InitialDirContext(settings);
        try {
            return client.getAttributes(name, new String[]{type}).get(type);
        } finally {
            client.close();
        }
    }

    private static Object valueOf(@Nullable Attribute attribute) throws NamingException {
        assertThat(attribute).isNotNull();
        return attribute == null ? "" : attribute.get();
    }

    @Test
    void aNameHasItsAddressInAnyLetterCase() throws NamingException {
        assertThat(valueOf(ask(NAME, "A"))).isEqualTo("127.0.1.2");
        assertThat(valueOf(ask("SHOP.A1B2C3.ng.0001.use1." + DOMAIN, "A"))).isEqualTo("127.0.1.2");
        assertThat(ask(NAME, "AAAA")).as("another type").isNull();
        assertThat(valueOf(ask(DOMAIN, "SOA"))).asString().startsWith("ns." + DOMAIN);
        assertThat(valueOf(ask(DOMAIN, "NS"))).isEqualTo("ns." + DOMAIN + ".");
    }

    @Test
    void whatIsNotThereHasNoAddressAndWhatIsElsewhereIsRefused() {
        assertThatThrownBy(() -> ask("other.a1b2c3.ng.0001.use1." + DOMAIN, "A"))
                .isInstanceOf(NameNotFoundException.class);
        assertThatThrownBy(() -> ask("www.example.org", "A")).isInstanceOf(OperationNotSupportedException.class);
    }

    /** Two bytes of length, then the query as it is in a packet. */
    @Test
    void aConnectionCanAskSeveralTimes() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            for (int id = 1; id <= 2; id++) {
                byte[] query = query(id);
                out.writeShort(query.length);
                out.write(query);
                byte[] answer = in.readNBytes(in.readUnsignedShort());
                assertThat(answer[1]).isEqualTo((byte) id);
                assertThat(answer).endsWith(127, 0, 1, 2);
            }
        }
    }

    @Test
    void nonsenseIsDroppedAndTheNextQueryIsAnswered() throws IOException, NamingException {
        long seed = Long.getLong("cistern.seed", 1);
        Random random = new Random(seed);
        try (DatagramSocket socket = new DatagramSocket()) {
            for (int i = 0; i < 500; i++) {
                byte[] packet = i % 2 == 0 ? new byte[random.nextInt(100)] : query(i);
                for (int flips = random.nextInt(5); flips >= 0 && packet.length > 0; flips--) {
                    packet[random.nextInt(packet.length)] = (byte) random.nextInt();
                }
                socket.send(new DatagramPacket(packet, packet.length, InetAddress.getLoopbackAddress(), server.port()));
            }
        }
        assertThat(valueOf(ask(NAME, "A"))).as("seed " + seed).isEqualTo("127.0.1.2");
    }

    private static byte[] query(int id) {
        byte[] name = NAME.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer query = ByteBuffer.allocate(12 + name.length + 2 + 4);
        query.putShort((short) id).putShort((short) 0x0100).putShort((short) 1).putShort((short) 0).putInt(0);
        for (String label : NAME.split("\\.", -1)) {
            query.put((byte) label.length()).put(label.getBytes(StandardCharsets.US_ASCII));
        }
        query.put((byte) 0).putShort((short) 1).putShort((short) 1);
        return query.array();
    }
}

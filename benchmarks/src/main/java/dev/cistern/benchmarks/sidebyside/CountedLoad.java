package dev.cistern.benchmarks.sidebyside;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A load from one thread whose replies are only counted: each connection has so many requests under way, and sends the
 * next ones when all of them are answered.
 *
 * <p>So that it costs less than the server, requests are written down before the run, with the length of their replies. A
 * reply of another length is an error. Latency is that of a connection's requests together.
 */
final class CountedLoad implements AutoCloseable {
    private static final int MOST_LATENCIES = 1 << 20;
    private static final int BUFFER_BYTES = 1 << 18;
    private static final long SILENCE_MILLIS = 10_000;
    private static final int NANOS_PER_SECOND = 1_000_000_000;

    private final RunningPeer server;
    private final Selector selector = Selector.open();
    private final List<Client> clients = new ArrayList<>();
    private final ByteBuffer received = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final long[] latencies = new long[MOST_LATENCIES];
    private int answered;

    /** Some requests that are sent at once, and the bytes of their replies. */
    record Script(ByteBuffer requests, long replyBytes) {
        static Script of(String requests, long replyBytes) {
            byte[] bytes = requests.getBytes(StandardCharsets.US_ASCII);
            return new Script(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip(), replyBytes);
        }
    }

    /** What each connection sends in turn, in some order; how many requests each script is. */
    record Scripts(List<Script> all, int requestsEach) {
        Script any(SplittableRandom random) {
            return all.get(random.nextInt(all.size()));
        }
    }

    /** One connection. */
    private static final class Client {
        final SocketChannel channel;
        ByteBuffer toSend = ByteBuffer.allocate(0);
        long toReceive;
        long sentNanos;

        Client(SocketChannel channel) {
            this.channel = channel;
        }
    }

    CountedLoad(RunningPeer server, int connections) throws IOException {
        this.server = server;
        for (int i = 0; i < connections; i++) {
            SocketChannel channel = SocketChannel.open(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
            channel.socket().setTcpNoDelay(true);
            channel.configureBlocking(false);
            Client client = new Client(channel);
            channel.register(selector, SelectionKey.OP_READ, client);
            clients.add(client);
        }
    }

    /** Goes on for so long, or until about so many requests are answered; tells what it and the kernel saw. */
    Sample run(Scripts scripts, Duration duration, long mostRequests) throws IOException {
        SplittableRandom random = new SplittableRandom(clients.size());
        long mostRounds = Math.ceilDiv(mostRequests, scripts.requestsEach()) - clients.size();
        answered = 0;
        ProcessUsage usage = server.usage();
        long cpuBefore = usage.cpuMicros();
        long start = System.nanoTime();
        long end = start + duration.toNanos();
        for (Client client : clients) {
            begin(client, scripts.any(random));
        }
        int open = clients.size();
        while (open > 0) {
            if (selector.select(SILENCE_MILLIS) == 0) {
                throw new IOException("the server does not answer");
            }
            for (SelectionKey key : selector.selectedKeys()) {
                Client client = (Client) key.attachment();
                if (goOn(client, key)) {
                    long now = System.nanoTime();
                    latencies[answered++ % MOST_LATENCIES] = now - client.sentNanos;
                    if (now < end && answered <= mostRounds) {
                        begin(client, scripts.any(random));
                    } else {
                        open--;
                    }
                }
            }
            selector.selectedKeys().clear();
        }
        double seconds = (double) (System.nanoTime() - start) / NANOS_PER_SECOND;
        double requests = (double) answered * scripts.requestsEach();
        return sample(requests / seconds, (usage.cpuMicros() - cpuBefore) / requests);
    }

    private Sample sample(double perSecond, double cpuMicros) {
        long[] sorted = Arrays.copyOf(latencies, Math.min(answered, MOST_LATENCIES));
        Arrays.sort(sorted);
        return new Sample(perSecond, cpuMicros, millis(sorted, 50), millis(sorted, 99), millis(sorted, 99.9));
    }

    private static double millis(long[] sorted, double percentile) {
        return sorted[(int) Math.min(sorted.length - 1, sorted.length * percentile / 100)] / 1e6;
    }

    private void begin(Client client, Script script) throws IOException {
        client.toSend = script.requests().duplicate();
        client.toReceive = script.replyBytes();
        client.sentNanos = System.nanoTime();
        client.channel.write(client.toSend);
        if (client.toSend.hasRemaining()) {
            client.channel.keyFor(selector).interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        }
    }

    /** Sends what is left and counts what came; says whether all is answered. */
    private boolean goOn(Client client, SelectionKey key) throws IOException {
        if (client.toSend.hasRemaining()) {
            client.channel.write(client.toSend);
            if (!client.toSend.hasRemaining()) {
                key.interestOps(SelectionKey.OP_READ);
            }
        }
        received.clear();
        int count = client.channel.read(received);
        if (count < 0) {
            throw new EOFException("the server closed a connection");
        }
        client.toReceive -= count;
        if (client.toReceive < 0) {
            throw new IOException("a reply is longer than it should be: " + StandardCharsets.ISO_8859_1
                    .decode(received.flip().limit(Math.min(count, 200))));
        }
        return client.toReceive == 0;
    }

    @Override
    public void close() throws IOException {
        for (Client client : clients) {
            client.channel.close();
        }
        selector.close();
    }
}

package dev.cistern.control.simulation;

import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.simulation.Network.Pipe;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * A connection of the control plane to a node's process. What is asked arrives also when nobody waits for the answer any
 * more.
 */
final class SimSocket extends Socket {

    private final World world;
    private final SimNode node;
    private final SimTalk talk;
    private final Pipe there;
    private final Pipe back;
    private final ByteArrayOutputStream unsent = new ByteArrayOutputStream();
    private ByteBuffer arrived = ByteBuffer.allocate(0);
    private CountDownLatch arrival = new CountDownLatch(1);
    private int limitMillis;
    private boolean isShut;

    private SimSocket(World world, Network network, SimNode node, SimTalk talk) {
        this.world = world;
        this.node = node;
        this.talk = talk;
        this.there = network.pipe(Network.CONTROL, node.id(), () -> !node.isRunning());
        this.back = network.pipe(node.id(), Network.CONTROL, () -> isShut);
    }

    /** Connects as TCP does: also to a process that stands still. */
    static Socket connect(World world, Network network, SimNodes nodes, NodeAddress address, Duration limit)
            throws IOException {
        world.rest(network.delay());
        SimNode target = nodes.at(address);
        if (target == null) {
            throw new ConnectException("nobody listens at " + address);
        }
        if (network.isCut(Network.CONTROL, target.id()) || network.isCut(target.id(), Network.CONTROL)) {
            world.rest(limit);
            throw new SocketTimeoutException("no way to " + target.id());
        }
        return new SimSocket(world, network, target, nodes.talk(target));
    }

    @Override
    public InputStream getInputStream() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                await();
                int count = Math.min(length, arrived.remaining());
                arrived.get(into, offset, count);
                return count;
            }
        };
    }

    private void await() throws IOException {
        if (arrived.hasRemaining()) {
            return;
        }
        CountDownLatch something = arrival;
        world.after(Duration.ofMillis(limitMillis), something::countDown);
        watch(something);
        try {
            something.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        if (!arrived.hasRemaining()) {
            throw node.isRunning()
                    ? new SocketTimeoutException("no answer of " + node.id())
                    : new IOException(node.id() + " has ended");
        }
    }

    /** A process that ends says so, as far as it is heard. */
    private void watch(CountDownLatch something) {
        node.onDeath(() -> back.send(something::countDown));
    }

    @Override
    public OutputStream getOutputStream() {
        return new OutputStream() {
            @Override
            public void write(int b) {
                unsent.write(b);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                unsent.write(bytes, offset, length);
            }

            @Override
            public void flush() {
                for (List<String> words : taken()) {
                    there.send(() -> node.deliver(() -> {
                        byte[] answer = talk.answer(words).getBytes(StandardCharsets.UTF_8);
                        back.send(() -> arrive(answer));
                    }));
                }
            }
        };
    }

    private void arrive(byte[] answer) {
        ByteBuffer both = ByteBuffer.allocate(arrived.remaining() + answer.length);
        both.put(arrived).put(answer).flip();
        arrived = both;
        CountDownLatch present = arrival;
        arrival = new CountDownLatch(1);
        present.countDown();
    }

    /** The commands that were written since. */
    private List<List<String>> taken() {
        String text = unsent.toString(StandardCharsets.ISO_8859_1);
        unsent.reset();
        List<List<String>> commands = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            int end = text.indexOf("\r\n", at);
            int count = Integer.parseInt(text, at + 1, end, 10);
            at = end + 2;
            List<String> words = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                end = text.indexOf("\r\n", at);
                int length = Integer.parseInt(text, at + 1, end, 10);
                words.add(text.substring(end + 2, end + 2 + length));
                at = end + 4 + length;
            }
            commands.add(words);
        }
        return commands;
    }

    @Override
    public void setSoTimeout(int millis) {
        limitMillis = millis;
    }

    @Override
    public int getSoTimeout() {
        return limitMillis;
    }

    @Override
    public boolean isConnected() {
        return true;
    }

    @Override
    public boolean isBound() {
        return true;
    }

    @Override
    public boolean isClosed() {
        return isShut;
    }

    @Override
    public void close() {
        isShut = true;
    }
}

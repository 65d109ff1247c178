package dev.cistern.samples.hybrid;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * A long line to a database: a relay on the loopback interface that passes real bytes on, later and no faster than its
 * settings say. It knows no protocol, so it serves every database that speaks over TCP.
 *
 * <p>Each direction is one line that all connections share: a chunk waits until the line is free, occupies it for its
 * transmission time, then travels for the latency. Cutting the link closes what is connected and refuses what comes.
 * Every connection has four virtual threads, a reader and a writer each way; at most {@value #MOST_CONNECTIONS}.
 */
public final class Link implements AutoCloseable {

    private static final int MOST_CONNECTIONS = 64;
    private static final int CHUNK_BYTES = 8 * 1024;
    /** Chunks on their way in one direction of one connection; then the sender waits, as on a full line. */
    private static final int CHUNKS_IN_FLIGHT = 256;
    private static final int CONNECT_TIMEOUT_MILLIS = 5_000;

    private final InetSocketAddress database;
    private final ServerSocket door;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Semaphore places = new Semaphore(MOST_CONNECTIONS);
    private final Line there = new Line();
    private final Line back = new Line();
    private volatile LinkSettings settings;
    private volatile boolean isCut;

    private Link(InetSocketAddress database, ServerSocket door, LinkSettings settings) {
        this.database = database;
        this.door = door;
        this.settings = settings;
    }

    /** Lays a line to {@code database}, whose near end is a free port of this machine. */
    public static Link to(InetSocketAddress database, LinkSettings settings) throws IOException {
        Link link = new Link(database, new ServerSocket(0, MOST_CONNECTIONS, InetAddress.getLoopbackAddress()),
                settings);
        Thread.ofVirtual().name("link-door").start(link::accept);
        return link;
    }

    /** The port to connect to instead of the database's. */
    public int port() {
        return door.getLocalPort();
    }

    public LinkSettings settings() {
        return settings;
    }

    /** Changes the line under the feet of whoever is connected. */
    public void set(LinkSettings wanted) {
        settings = wanted;
    }

    /** Cuts the line, or mends it. */
    public void setCut(boolean cut) {
        isCut = cut;
        if (cut) {
            open.forEach(Link::closeQuietly);
        }
    }

    private void accept() {
        while (!door.isClosed()) {
            try {
                Socket near = door.accept();
                if (isCut || !places.tryAcquire()) {
                    closeQuietly(near);
                } else {
                    Thread.ofVirtual().name("link").start(() -> connect(near));
                }
            } catch (IOException e) {
                // The door was closed, or one caller left before it opened; the loop's condition tells.
            }
        }
    }

    private void connect(Socket near) {
        try (near; Socket far = new Socket()) {
            open.add(near);
            open.add(far);
            far.connect(database, CONNECT_TIMEOUT_MILLIS);
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
            Thread upload = Thread.ofVirtual().start(() -> relay(near, far, there));
            relay(far, near, back);
            upload.join();
        } catch (IOException e) {
            // The database does not listen: the caller sees its connection closed, as behind any relay.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.removeIf(Socket::isClosed);
            open.remove(near);
            places.release();
        }
    }

    /** One direction of one connection, until either end closes; then both do. */
    private void relay(Socket from, Socket to, Line line) {
        BlockingQueue<Chunk> onTheWay = new ArrayBlockingQueue<>(CHUNKS_IN_FLIGHT);
        Thread writer = Thread.ofVirtual().start(() -> deliver(onTheWay, to));
        try (InputStream in = from.getInputStream()) {
            byte[] buffer = new byte[CHUNK_BYTES];
            for (int count = in.read(buffer); count >= 0 && writer.isAlive(); count = in.read(buffer)) {
                onTheWay.put(new Chunk(buffer.clone(), count, line.arrivalOf(count, settings)));
            }
        } catch (IOException e) {
            // Closed by its owner or by setCut.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            endOf(onTheWay, writer);
        }
    }

    private static void endOf(BlockingQueue<Chunk> onTheWay, Thread writer) {
        try {
            while (writer.isAlive() && !onTheWay.offer(Chunk.END, 100, TimeUnit.MILLISECONDS)) {
                // The queue is full: the writer is still at it.
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void deliver(BlockingQueue<Chunk> onTheWay, Socket to) {
        try (to; OutputStream out = to.getOutputStream()) {
            for (Chunk chunk = onTheWay.take(); chunk != Chunk.END; chunk = onTheWay.take()) {
                long wait = chunk.arrivesNanos - System.nanoTime();
                if (wait > 0) {
                    TimeUnit.NANOSECONDS.sleep(wait);
                }
                out.write(chunk.bytes, 0, chunk.count);
                out.flush();
            }
        } catch (IOException e) {
            // The receiver has gone.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It was on its way out anyway.
        }
    }

    @Override
    public void close() {
        try {
            door.close();
        } catch (IOException e) {
            // Nobody is let in any more either way.
        }
        open.forEach(Link::closeQuietly);
    }

    /** Some bytes and when they arrive, by the monotonic clock. */
    private static final class Chunk {

        static final Chunk END = new Chunk(new byte[0], 0, 0);

        final byte[] bytes;
        final int count;
        final long arrivesNanos;

        Chunk(byte[] bytes, int count, long arrivesNanos) {
            this.bytes = bytes;
            this.count = count;
            this.arrivesNanos = arrivesNanos;
        }
    }

    /** One direction of the line: when it will be free. */
    private static final class Line {

        private long freeNanos = System.nanoTime();

        /** Puts {@code bytes} on the line and tells when the last of them arrives. */
        synchronized long arrivalOf(int bytes, LinkSettings settings) {
            freeNanos = Math.max(freeNanos, System.nanoTime()) + settings.transmissionNanos(bytes);
            return freeNanos + settings.latencyNanos();
        }
    }
}

package dev.cistern.engine.replication;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.Condition;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.network.Connection;
import dev.cistern.engine.network.Conversation;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.TlsContext;
import dev.cistern.engine.settings.OutputLimits;
import dev.cistern.engine.settings.Settings;
import dev.cistern.engine.settings.TlsSettings;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to our primary: agrees on where to go on, takes a snapshot if need be, and then the primary's log.
 *
 * <pre>
 *   CONNECTING ──▶ AGREEING: PING, AUTH, REPLCONF …, PSYNC, an answer each
 *                    ├─ +FULLRESYNC ──▶ RECEIVING a snapshot ──▶ LOADING it ──▶ STREAMING
 *                    └─ +CONTINUE ─────────────────────────────────────────────▶
 * </pre>
 *
 * <p>The stream is a {@link Session}'s, whose requests run as any other's, but for nobody's answer. When the connection
 * breaks, this object ends, and another one takes its place. Its loop's thread; others look at what is volatile.
 */
public final class PrimaryLink implements Conversation {
    private static final Logger LOG = LoggerFactory.getLogger(PrimaryLink.class);
    private static final int MAX_LINE_BYTES = 64 * 1024;

    /** How far it has come. */
    enum State {
        CONNECTING("connecting"), AGREEING("handshake"), RECEIVING("sync"), LOADING("sync"), STREAMING("connected"),
        /** It is over. */
        ENDED("connect");

        private final String word;

        State(String word) {
            this.word = word;
        }

        /** As ROLE tells it. */
        String word() {
            return word;
        }
    }

    private final Replication replication;
    private final Node node;
    private final NodeLoop loop;
    private final PrimaryAddress address;
    private final boolean takesOver;
    private final Deque<String[]> questions = new ArrayDeque<>();
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    /** The bytes of a transaction whose end has not come. */
    private final LogFeed unfinished;
    private volatile State state = State.CONNECTING;
    private volatile @Nullable Connection connection;
    private volatile @Nullable Session session;
    /** What encrypts it, if anything does. */
    private volatile @Nullable TlsContext security;
    private volatile long heardMillis;
    private volatile @Nullable SnapshotReceiver receiver;
    /** There from a whole snapshot on until all that came while it was loaded is executed. */
    private @Nullable HeldStream held;
    private String history = "";
    private long offset;
    private boolean isSent;

    PrimaryLink(Replication replication, NodeLoop loop, PrimaryAddress address, boolean takesOver) {
        this.replication = replication;
        this.node = replication.node();
        this.loop = loop;
        this.address = address;
        this.takesOver = takesOver;
        this.unfinished = new LogFeed(replication.log());
        this.heardMillis = node.clock().wallMillis();
    }

    boolean takesOver() {
        return takesOver;
    }

    State state() {
        return state;
    }

    boolean isStreaming() {
        return isSent || state == State.STREAMING;
    }

    /** What its stream has selected. */
    int databaseOr(int otherwise) {
        Session present = session;
        return present == null ? otherwise : present.database();
    }

    /** What comes of a snapshot, while it comes. */
    @Nullable
    SnapshotReceiver receiver() {
        return receiver;
    }

    long silentSeconds() {
        return silentMillis() / 1000;
    }

    long silentMillis() {
        return Math.max(0, node.clock().wallMillis() - heardMillis);
    }

    // --- the connection ---

    /** Looks the primary's name up, which may take its time, on another thread, and connects. */
    void connect(EventLoops loops) {
        node.inBackground(() -> {
            InetSocketAddress found = new InetSocketAddress(address.host(), address.port());
            if (found.isUnresolved()) {
                unreachable("nobody knows its address");
            } else if (!node.isStopping()) {
                connect(loops, found);
            }
        });
    }

    private void connect(EventLoops loops, InetSocketAddress found) {
        Settings settings = node.settings();
        try {
            TlsContext tls = settings.tlsReplication.isOn()
                    ? TlsContext.forPeers(TlsSettings.forPeers(settings))
                    : null;
            secure(tls);
            loops.connect(found, loop.eventLoop(), (int) settings.replTimeout.value(), tls, this::connected,
                    why -> unreachable(reason(why)));
        } catch (IOException e) {
            unreachable(reason(e));
        }
    }

    /** What lies at the bottom: libraries of TLS wrap what a certificate lacks in words that say nothing. */
    private static String reason(Throwable why) {
        Throwable deepest = why;
        while (deepest.getCause() != null) {
            deepest = deepest.getCause();
        }
        return String.valueOf(deepest.getMessage() == null ? deepest : deepest.getMessage());
    }

    private void secure(@Nullable TlsContext tls) {
        security = tls;
        if (state == State.ENDED) {
            letGoOfSecurity();
        }
    }

    private void letGoOfSecurity() {
        TlsContext tls = security;
        if (tls != null) {
            tls.close();
        }
    }

    private void unreachable(String why) {
        LOG.warn("node {} does not reach {}:{}: {}", node.identity().name(), address.host(), address.port(), why);
        loop.execute(this::closed);
    }

    private Conversation connected(Connection made) {
        connection = made;
        return this;
    }

    /** Ends it. Any thread. */
    void close() {
        loop.execute(() -> {
            Connection present = connection;
            if (present != null) {
                present.closeNow();
            }
            end();
        });
    }

    @Override
    public void opened() {
        if (state == State.ENDED) {
            close();
            return;
        }
        state = State.AGREEING;
        plan();
        ask();
    }

    @Override
    public void drained() {
        Session present = session;
        if (present != null) {
            present.drained();
        }
    }

    @Override
    public void closed() {
        Connection former = connection;
        IOException why = former == null ? null : former.failure();
        if (why != null) {
            LOG.warn("node {}: the link to {}:{} breaks: {}", node.identity().name(), address.host(), address.port(),
                    reason(why));
        }
        Session present = session;
        if (present != null) {
            replication.streamDatabase(present.database());
            present.closed();
        }
        end();
    }

    private void end() {
        if (state == State.ENDED) {
            return;
        }
        boolean isLoading = state == State.LOADING;
        isSent = state == State.STREAMING;
        state = State.ENDED;
        unfinished.close();
        letGoOfSecurity();
        HeldStream waiting = held;
        if (waiting != null) {
            waiting.close();
        }
        SnapshotReceiver present = receiver;
        if (present != null && !isLoading) {
            present.close();
        }
        replication.linkDown(this);
    }

    private void fail(String why) {
        LOG.warn("node {}: the link to {}:{} fails: {}", node.identity().name(), address.host(), address.port(), why);
        close();
    }

    // --- agreeing ---

    private void plan() {
        Settings settings = node.settings();
        questions.add(new String[]{"PING"});
        String password = settings.primaryAuth.value();
        if (!password.isEmpty()) {
            String user = settings.primaryUser.value();
            questions.add(user.isEmpty()
                    ? new String[]{"AUTH", password}
                    : new String[]{"AUTH", user, password});
        }
        questions.add(new String[]{"REPLCONF", "listening-port", Long.toString(announcedPort(settings))});
        String host = settings.replicaAnnounceIp.value();
        if (!host.isEmpty()) {
            questions.add(new String[]{"REPLCONF", "ip-address", host});
        }
        questions.add(new String[]{"REPLCONF", "capa", "eof", "capa", "psync2"});
        questions.add(psync());
    }

    /** Where others reach this node in the way in which it reaches its primary. */
    private long announcedPort(Settings settings) {
        if (settings.replicaAnnouncePort.value() != 0) {
            return settings.replicaAnnouncePort.value();
        }
        boolean byTls = settings.tlsReplication.isOn() && settings.tlsPort.value() != 0;
        return byTls ? settings.tlsPort.value() : node.port();
    }

    private String[] psync() {
        WriteLog log = replication.log();
        boolean has = log.isKept();
        String id = has ? log.idToResume() : "?";
        String next = has ? Long.toString(log.end() + 1) : "-1";
        return takesOver ? new String[]{"PSYNC", id, next, "FAILOVER"} : new String[]{"PSYNC", id, next};
    }

    private void ask() {
        String[] question = questions.peek();
        if (question != null) {
            send(question);
        }
    }

    private void send(String... arguments) {
        StringBuilder text = new StringBuilder("*").append(arguments.length).append("\r\n");
        for (String argument : arguments) {
            text.append('$').append(argument.getBytes(StandardCharsets.UTF_8).length).append("\r\n").append(argument)
                    .append("\r\n");
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        long copy = Memory.allocate(MemoryTag.REPLICATION, bytes.length);
        Memory.copy(bytes, 0, copy, bytes.length);
        Connection present = connection;
        if (present != null) {
            present.send(copy, bytes.length);
        }
        Memory.free(MemoryTag.REPLICATION, copy, bytes.length);
    }

    private void answered(String answer) {
        String[] question = questions.poll();
        if (question == null || answer.isEmpty()) {
            return;
        }
        if (question[0].equals("PSYNC")) {
            begin(answer);
            return;
        }
        boolean isRefused = answer.startsWith("-");
        boolean matters = question[0].equals("AUTH") || (question[0].equals("PING") && !answer.startsWith("-NOAUTH")
                && !answer.startsWith("-NOPERM") && !answer.startsWith("-ERR operation not permitted"));
        if (isRefused && matters) {
            fail(answer);
        } else {
            ask();
        }
    }

    private void begin(String answer) {
        List<String> words = List.of(answer.split(" ", -1));
        switch (words.getFirst()) {
            case "+FULLRESYNC" -> {
                history = words.get(1);
                offset = Long.parseLong(words.get(2));
                state = State.RECEIVING;
                takenOver();
            }
            case "+CONTINUE" -> {
                if (words.size() > 1) {
                    replication.log().rename(words.get(1));
                }
                takenOver();
                stream();
            }
            default -> fail(answer);
        }
    }

    private void takenOver() {
        if (takesOver) {
            replication.failover().done();
        }
    }

    // --- what arrives ---

    @Override
    public void received(long at, int length) {
        heardMillis = node.clock().wallMillis();
        replication.heard(length);
        long position = at;
        long end = at + length;
        try {
            while (position < end && state != State.ENDED) {
                position = take(position, end);
            }
        } catch (IOException | RuntimeException e) {
            cannotTake(e);
        }
    }

    private void cannotTake(Exception why) {
        LOG.error("node {}: what {}:{} sends cannot be taken", node.identity().name(), address.host(), address.port(),
                why);
        close();
    }

    /** Takes some of the bytes, and answers where the rest begins. */
    private long take(long position, long end) throws IOException {
        HeldStream waiting = held;
        if (waiting != null) {
            waiting.add(position, end - position);
            heedLimit(waiting);
            return end;
        }
        Session streaming = session;
        if (streaming != null) {
            streaming.received(position, (int) (end - position));
            return end;
        }
        SnapshotReceiver receiving = receiver;
        if (receiving == null) {
            return takeLine(position, end);
        }
        long rest = receiving.take(position, end);
        if (receiving.isWhole()) {
            load(receiving);
        }
        return rest;
    }

    /** Beyond the limit what comes waits in the socket, and then at the primary. */
    private void heedLimit(HeldStream waiting) {
        Connection present = connection;
        if (present == null) {
            return;
        }
        boolean isFull = waiting.bytes() >= OutputLimits.mostForReplica(node.settings());
        if (isFull == present.isReading()) {
            if (isFull) {
                present.pauseReading();
            } else {
                present.resumeReading();
            }
        }
    }

    private long takeLine(long position, long end) throws IOException {
        long at = position;
        while (at < end && Memory.getByte(at) != '\n') {
            line.write(Memory.getByte(at));
            at++;
        }
        if (line.size() > MAX_LINE_BYTES) {
            throw new IOException("a line of more than " + MAX_LINE_BYTES + " bytes");
        }
        if (at == end) {
            return end;
        }
        String whole = line.toString(StandardCharsets.UTF_8).stripTrailing();
        line.reset();
        // An empty one is a sign of life.
        if (!whole.isEmpty() && state == State.AGREEING) {
            answered(whole);
        } else if (!whole.isEmpty() && state == State.RECEIVING) {
            receiver = SnapshotReceiver.announced(whole, node.settings().dir.value(), node.port(),
                    node.persistence().atRest());
        }
        return at + 1;
    }

    // --- a snapshot ---

    /** Loads it on another thread: nothing is served meanwhile, and what comes is held. */
    private void load(SnapshotReceiver whole) {
        state = State.LOADING;
        held = new HeldStream();
        node.inBackground(() -> {
            boolean loaded = new ReplicaLoad(replication).load(whole, history, offset);
            loop.execute(() -> loadEnded(whole, loaded));
        });
    }

    private void loadEnded(SnapshotReceiver whole, boolean loaded) {
        whole.close();
        if (state == State.ENDED) {
            return;
        }
        if (loaded) {
            receiver = null;
            stream();
            catchUp();
        } else {
            close();
        }
    }

    /** Executes what was held, a part in each turn of the loop, which has other clients too. */
    private void catchUp() {
        HeldStream waiting = held;
        Session streaming = session;
        if (waiting == null || streaming == null || state != State.STREAMING) {
            return;
        }
        if (waiting.bytes() == 0) {
            held = null;
            acknowledge();
            return;
        }
        try {
            waiting.passOn(streaming::received);
            heedLimit(waiting);
            loop.execute(this::catchUp);
        } catch (RuntimeException e) {
            cannotTake(e);
        }
    }

    // --- the stream ---

    private void stream() {
        Connection present = connection;
        if (present == null) {
            return;
        }
        state = State.STREAMING;
        Session made = loop.acceptPrimary(present, this, replication.streamDatabase());
        session = made;
        replication.linkUp();
        LOG.info("node {} follows {}:{} from offset {} of {}", node.identity().name(), address.host(), address.port(),
                replication.log().end(), replication.log().id());
    }

    /** The next request's bytes, which will be logged when what they ask for is done: with it, under its stripes. */
    public void executing(@Nullable Command command, boolean isQueued, long from, long bytes, LogFeed feed) {
        boolean begins = command != null && command.fullName().equals("multi");
        if (begins || isQueued) {
            unfinished.raw(from, bytes);
            return;
        }
        unfinished.moveTo(feed);
        feed.raw(from, bytes);
        feed.hold();
    }

    /** Tells the primary how far we are. */
    void acknowledge() {
        if (state == State.STREAMING) {
            String offset = Long.toString(replication.log().end());
            if (node.appendOnly().isOn()) {
                send("REPLCONF", "ACK", offset, "FACK", Long.toString(node.appendOnly().keptOffset()));
            } else {
                send("REPLCONF", "ACK", offset);
            }
        }
    }

    /** The primary asks how far we are: it is told when this request is done. */
    void acknowledgeSoon() {
        loop.execute(this::acknowledge);
    }

    /** Once a second, on the first loop. */
    void tick(long nowMillis) {
        if (nowMillis - heardMillis > node.settings().replTimeout.value() * 1000 && state != State.LOADING) {
            fail("nothing was heard for " + (nowMillis - heardMillis) / 1000 + " s");
        } else if (state == State.STREAMING) {
            acknowledgeSoon();
        } else if (state == State.LOADING || state == State.RECEIVING) {
            loop.execute(this::giveSignOfLife);
        }
        node.set(Condition.LINK_DOWN, !isStreaming());
    }

    private void giveSignOfLife() {
        Connection present = connection;
        if (present != null && state != State.ENDED) {
            long copy = Memory.allocate(MemoryTag.REPLICATION, 1);
            Memory.putByte(copy, (byte) '\n');
            present.send(copy, 1);
            Memory.free(MemoryTag.REPLICATION, copy, 1);
        }
    }
}

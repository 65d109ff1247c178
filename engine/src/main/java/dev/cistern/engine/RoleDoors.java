package dev.cistern.engine;

import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.network.Connection;
import dev.cistern.engine.network.Conversation;
import dev.cistern.engine.network.Door;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.TlsContext;
import dev.cistern.engine.replication.RolePorts;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The doors behind the ports of a role: who may come and what is spoken there is as at the node's own port.
 *
 * <p>Not when they are open: {@link RolePorts} decides. Any thread.
 */
final class RoleDoors {
    private final Node node;
    private final EventLoops eventLoops;
    private final EventLoops.Acceptor acceptor;
    private final List<RoleDoor> doors = new CopyOnWriteArrayList<>();

    RoleDoors(Node node, EventLoops eventLoops, EventLoops.Acceptor acceptor) {
        this.node = node;
        this.eventLoops = eventLoops;
        this.acceptor = acceptor;
    }

    /** A door that nobody can come to yet; it follows the settings from here on, until it ends. */
    RoleDoor make(int port) {
        RoleDoor made = new RoleDoor(port);
        doors.add(made);
        return made;
    }

    void admit(Door.@Nullable Peers peers) {
        doors.forEach(each -> each.admit(peers));
    }

    void speak(Door.Speech speech, @Nullable TlsContext context) {
        doors.forEach(each -> each.speak(speech, context));
    }

    /** One port that is listened on, perhaps at several addresses. */
    final class RoleDoor implements RolePorts.OpenPort {
        private final int port;
        private final Door door = new Door();
        private final List<Channel> listeners = new ArrayList<>();
        private volatile boolean isOver;

        private RoleDoor(int port) {
            this.port = port;
        }

        void admit(Door.@Nullable Peers peers) {
            door.admit(peer -> !isOver && (peers == null || peers.admit(peer)));
        }

        void speak(Door.Speech speech, @Nullable TlsContext context) {
            door.speak(speech, context);
            if (speech == Door.Speech.TLS) {
                endConnections(true);
            }
        }

        /** Opens it; not on a loop. */
        void listen(List<String> hosts, boolean isShared) throws IOException {
            int backlog = (int) node.settings().tcpBacklog.value();
            try {
                for (String host : hosts) {
                    InetSocketAddress address = new InetSocketAddress(host, port);
                    listeners.add(isShared
                            ? eventLoops.listenWithOthers(address, backlog, door, this::accept)
                            : eventLoops.listen(address, backlog, door, this::accept));
                }
            } catch (IOException e) {
                end();
                throw e;
            }
        }

        /** Also for who was still in the handshake when the role ended. */
        private Conversation accept(Connection connection, EventLoops.Loop loop) {
            Conversation begun = acceptor.accept(connection, loop);
            if (isOver) {
                connection.closeNow();
            }
            return begun;
        }

        /** Shuts the door first: each loop then ends whom it has let in, and lets nobody in afterwards. */
        @Override
        public void end() {
            isOver = true;
            doors.remove(this);
            for (Channel listener : listeners) {
                var _ = listener.close();
            }
            for (NodeLoop loop : node.loops()) {
                loop.execute(() -> endConnections(false));
            }
        }

        private void endConnections(boolean plainOnly) {
            String end = ":" + port;
            for (Session session : node.sessions().all()) {
                if (session.localAddress().endsWith(end) && !(plainOnly && session.connection().isSecure())) {
                    session.execute(() -> session.connection().closeAfterSending());
                }
            }
        }
    }
}

package dev.cistern.control.simulation;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/** Ways between processes, each of which can be cut in one direction. */
final class Network {

    /** The control plane, by its name among the nodes. */
    static final String CONTROL = "control";

    private static final int USUAL_MILLIS = 2;
    private static final int SLOW_MILLIS = 300;
    private static final int SLOW_ONE_IN = 200;
    private static final int AGAIN_MILLIS = 400;

    private final World world;
    private final Set<String> cuts = new TreeSet<>();

    Network(World world) {
        this.world = world;
    }

    private static String way(String from, String to) {
        return from + " > " + to;
    }

    void cut(String from, String to) {
        cuts.add(way(from, to));
    }

    void heal(String from, String to) {
        cuts.remove(way(from, to));
    }

    void healAll() {
        cuts.clear();
    }

    boolean isCut(String from, String to) {
        return cuts.contains(way(from, to));
    }

    Duration delay() {
        return world.upTo(world.oneIn(SLOW_ONE_IN) ? SLOW_MILLIS : USUAL_MILLIS);
    }

    Pipe pipe(String from, String to, BooleanSupplier isOver) {
        return new Pipe(from, to, isOver);
    }

    /**
     * One direction of a connection: what is sent arrives in its order; while the way is cut it waits, as TCP sends again;
     * when the connection is over it never does.
     */
    final class Pipe {

        private final String from;
        private final String to;
        private final BooleanSupplier isOver;
        private final Deque<Runnable> sent = new ArrayDeque<>();
        private boolean isOnItsWay;

        private Pipe(String from, String to, BooleanSupplier isOver) {
            this.from = from;
            this.to = to;
            this.isOver = isOver;
        }

        void send(Runnable arrival) {
            sent.add(arrival);
            if (!isOnItsWay) {
                isOnItsWay = true;
                world.after(delay(), this::arrive);
            }
        }

        private void arrive() {
            if (isOver.getAsBoolean()) {
                sent.clear();
                isOnItsWay = false;
            } else if (isCut(from, to)) {
                world.after(world.upTo(AGAIN_MILLIS), this::arrive);
            } else {
                Runnable first = sent.removeFirst();
                isOnItsWay = !sent.isEmpty();
                if (isOnItsWay) {
                    world.after(delay(), this::arrive);
                }
                first.run();
            }
        }
    }
}

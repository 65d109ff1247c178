package dev.cistern.control.simulation;

import dev.cistern.control.ControlPlane;
import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.control.EndpointOptions;
import dev.cistern.control.Pauses;
import dev.cistern.control.PlaneDoor;
import dev.cistern.control.Quotas;
import dev.cistern.control.state.Database;
import dev.cistern.control.state.StateDirectory;
import dev.cistern.control.workflow.StepObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

/** One control plane after another, over the same state; each is killed, none is closed. */
final class SimPlane {

    private static final Instant BEGIN = Instant.parse("2026-03-04T12:00:00Z");
    private static final int FIRST_PORT = 12_000 + (int) (ProcessHandle.current().pid() % 100) * 200;
    private static final Quotas PLENTY = new Quotas(300, 40, 90, 50, 300, 2_000, 200, 100, 300, 20, 20, 1_000_000,
            10_000);
    private static final int POINT_MILLIS = 4;
    private static final int POINT_WAITS_ONE_IN = 4;

    private final World world;
    private final SimNodes nodes;
    private final Database database;
    private final StateDirectory directory;
    private final Path path;
    private final Invariants invariants;
    private final Random chance;
    private World.@Nullable Life life;
    private @Nullable ControlPlane plane;
    private int pointsToDeath;
    private int deaths;

    SimPlane(World world, SimNodes nodes, Database database, StateDirectory directory, Path path,
            Invariants invariants) {
        this.world = world;
        this.nodes = nodes;
        this.database = database;
        this.directory = directory;
        this.path = path;
        this.invariants = invariants;
        this.chance = new Random(world.random().nextLong());
    }

    boolean isOpen() {
        return plane != null;
    }

    boolean isAlive() {
        return life != null;
    }

    int deaths() {
        return deaths;
    }

    void open() {
        World.Life begun = world.newLife();
        life = begun;
        pointsToDeath = 0;
        StepObserver observer = (workflow, step, point) -> reached(begun, workflow + ": " + step + " " + point);
        InstantSource now = () -> BEGIN.plusNanos(world.nanos());
        begun.start("open", () -> plane = PlaneDoor.open(ControlPlaneOptions.of(path, nodes.door())
                .withEndpoints(new EndpointOptions("127.0.0.1", "127.0.0.1", FIRST_PORT, FIRST_PORT + 199))
                .withQuotas(PLENTY).withRandom(chance).withTime(now.withZone(ZoneOffset.UTC), new Pauses() {
                    @Override
                    public void pause(Duration duration) throws InterruptedException {
                        world.sleep(duration);
                    }

                    @Override
                    public long nanos() {
                        return world.nanos();
                    }
                }), directory, database, observer));
    }

    private void reached(World.Life present, String where) {
        invariants.tell(where);
        if (pointsToDeath > 0 && --pointsToDeath == 0) {
            kill();
        }
        if (present.isOver() || world.oneIn(POINT_WAITS_ONE_IN)) {
            world.rest(world.upTo(POINT_MILLIS));
        }
    }

    void kill() {
        World.Life present = life;
        if (present != null) {
            present.kill();
            life = null;
            plane = null;
            deaths++;
            invariants.tell("the control plane is killed");
        }
    }

    /** Has it be killed at the point of a step that comes as the so-manieth. */
    void killAtPoint(int number) {
        pointsToDeath = number;
    }

    /** A customer calls; that it may be refused is part of it. */
    void call(String what, Consumer<ElastiCacheClient> request) {
        World.Life present = life;
        ControlPlane open = plane;
        if (present != null && open != null) {
            present.start("customer", () -> {
                try {
                    request.accept(open.elastiCache());
                    invariants.tell("customer: " + what);
                } catch (AwsServiceException refused) {
                    invariants.tell("customer: " + what + ": " + refused.getMessage());
                }
            });
        }
    }
}

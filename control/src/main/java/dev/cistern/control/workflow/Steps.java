package dev.cistern.control.workflow;

import dev.cistern.control.state.Database;
import dev.cistern.control.workflow.StepObserver.Point;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import tools.jackson.databind.json.JsonMapper;

/**
 * The named steps of one run of a workflow.
 *
 * <p>A step whose result is stored is not done again. One that was interrupted between its work and the storing is: so its
 * work must bear being done twice. Only {@link #commit} is done exactly once, because its work and its result are one
 * transaction.
 */
final class Steps {

    private static final Duration FIRST_PAUSE = Duration.ofMillis(5);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);
    private static final String NO_RESULT = "null";

    private final WorkflowRow workflow;
    private final Map<String, String> done;
    private final Database database;
    private final Clock clock;
    private final Rest rest;
    private final StepObserver observer;
    private final Supplier<JsonMapper> json;
    private final Map<Long, String> presentSteps;

    /** {@code presentSteps} is told the step that is being done. */
    Steps(WorkflowRow workflow, Map<String, String> done, Database database, Clock clock, Rest rest,
            StepObserver observer, Supplier<JsonMapper> json, Map<Long, String> presentSteps) {
        this.workflow = workflow;
        this.done = done;
        this.database = database;
        this.clock = clock;
        this.rest = rest;
        this.observer = observer;
        this.json = json;
        this.presentSteps = presentSteps;
    }

    /** Whether the step is done: what it needed may be gone by now. */
    boolean isDone(String name) {
        return done.containsKey(name);
    }

    /** Does {@code work} unless it was done; it may be done twice. */
    void once(String name, Runnable work) {
        once(name, Object.class, () -> {
            work.run();
            return "";
        });
    }

    /** The result of {@code work}, of this run or of the earlier one that did it. */
    <T> T once(String name, Class<T> type, Supplier<T> work) {
        String stored = done.get(name);
        if (stored != null) {
            return json.get().readValue(stored, type);
        }
        begin(name);
        T result = work.get();
        reached(name, Point.WORKED);
        String text = json.get().writeValueAsString(result);
        database.run(handle -> store(handle, name, text));
        finished(name, text);
        return result;
    }

    /** Waits until {@code condition} holds; an error, and so another attempt, when it does not within {@code limit}. */
    void until(String name, Duration limit, BooleanSupplier condition) {
        until(name, limit, LONGEST_PAUSE, condition);
    }

    /** The same for something that clients wait for: looks again and again, without ever longer pauses. */
    void untilSoon(String name, Duration limit, BooleanSupplier condition) {
        until(name, limit, FIRST_PAUSE, condition);
    }

    private void until(String name, Duration limit, Duration longestPause, BooleanSupplier condition) {
        if (done.containsKey(name)) {
            return;
        }
        begin(name);
        long deadline = clock.millis() + limit.toMillis();
        Duration pause = FIRST_PAUSE;
        while (!condition.getAsBoolean()) {
            if (clock.millis() >= deadline) {
                throw new IllegalStateException(name + ": not within " + limit.toSeconds() + " seconds");
            }
            rest.pause(pause);
            pause = pause.multipliedBy(2).compareTo(longestPause) < 0 ? pause.multipliedBy(2) : longestPause;
        }
        reached(name, Point.WORKED);
        database.run(handle -> store(handle, name, NO_RESULT));
        finished(name, NO_RESULT);
    }

    /** What an operator is told of the present step while it goes on. */
    void tell(String progress) {
        presentSteps.put(workflow.workflowId(), progress);
    }

    /** Changes rows exactly once: the step is done with the transaction. */
    void commit(String name, Consumer<Handle> change) {
        if (done.containsKey(name)) {
            return;
        }
        begin(name);
        database.run(handle -> {
            change.accept(handle);
            store(handle, name, NO_RESULT);
        });
        finished(name, NO_RESULT);
    }

    /** Reads rows; not a step. */
    <T> T read(Function<Handle, T> body) {
        return database.read(body);
    }

    private void store(Handle handle, String name, String result) {
        StepRow.TABLE.insert(handle, new StepRow(workflow.workflowId(), name, result, clock.millis()));
    }

    private void finished(String name, String result) {
        done.put(name, result);
        reached(name, Point.STORED);
    }

    private void begin(String name) {
        rest.checkOpen();
        presentSteps.put(workflow.workflowId(), name);
        reached(name, Point.BEFORE);
    }

    private void reached(String name, Point point) {
        observer.reached(workflow.type(), name, point);
    }
}

package dev.cistern.control.workflow;

import dev.cistern.control.node.TransientErrors;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.state.Database;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs the stored workflows, each on a virtual thread of its own, a bounded number at a time.
 *
 * <p>{@link #start} only stores; {@link #dispatch}, after the transaction, runs whatever is stored and not running yet. So
 * a workflow exists exactly when the change that asked for it does, and a start after a crash is a dispatch like any other.
 */
final class WorkflowEngine implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(WorkflowEngine.class);

    private static final int CONCURRENT = 32;
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);
    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(30);
    /** What has not passed by then does not pass soon. */
    private static final int LASTING_ATTEMPTS = 6;
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

    /** Finished workflows that stay for the operator to look at. */
    private static final int FINISHED_KEPT = 1_000;

    private static final int MAX_FAILURE_LENGTH = 1_024;

    private final Database database;
    private final Clock clock;
    private final Rest rest;
    private final StepObserver observer;
    private final Map<String, Workflow<?>> types = new HashMap<>();
    private final Map<Long, Boolean> running = new ConcurrentHashMap<>();
    private final Map<Long, String> presentSteps = new ConcurrentHashMap<>();
    private final Semaphore permits = new Semaphore(CONCURRENT);
    private final ExecutorService threads = Executors
            .newThreadPerTaskExecutor(Thread.ofVirtual().name("workflow-", 0).factory());

    /** Made when the first workflow is: it takes a while, and a start without work should not pay for it. */
    private final Supplier<JsonMapper> json = new Supplier<>() {
        private volatile @Nullable JsonMapper mapper;

        @Override
        public JsonMapper get() {
            JsonMapper made = mapper;
            if (made == null) {
                made = new JsonMapper();
                mapper = made;
            }
            return made;
        }
    };

    WorkflowEngine(Database database, Clock clock, Rest rest, StepObserver observer, List<Workflow<?>> workflows) {
        this.database = database;
        this.clock = clock;
        this.rest = rest;
        this.observer = observer;
        workflows.forEach(workflow -> types.put(workflow.type(), workflow));
    }

    /** Stores a workflow in the transaction of {@code handle}; {@link #dispatch} begins it. */
    void start(Handle handle, String type, ResourceKey key, Record input) {
        long id = handle.select("select nextval('workflow_ids')").mapTo(Long.class).one();
        WorkflowRow.TABLE.insert(handle, new WorkflowRow(id, type, key, json.get().writeValueAsString(input),
                WorkflowRow.Status.RUNNING, 0, null, clock.millis(), null));
    }

    /** The steps that a running workflow of that type has done for the resource, and their results; null for none. */
    @Nullable
    Map<String, String> doneSteps(Handle handle, String type, ResourceKey key) {
        List<WorkflowRow> rows = WorkflowRow.TABLE.select(handle,
                "where type = ? and account = ? and region = ? and id = ? and status = 'RUNNING'", type, key.account(),
                key.region(), key.id());
        return rows.isEmpty() ? null : doneSteps(handle, rows.getFirst());
    }

    private static Map<String, String> doneSteps(Handle handle, WorkflowRow row) {
        Map<String, String> done = new HashMap<>();
        StepRow.TABLE.select(handle, "where workflow_id = ?", row.workflowId())
                .forEach(step -> done.put(step.name(), step.result()));
        return done;
    }

    /** What a step has answered. */
    <T> T result(String stored, Class<T> type) {
        return json.get().readValue(stored, type);
    }

    /** Begins every stored workflow that is neither finished nor running. */
    void dispatch() {
        List<WorkflowRow> stored = database
                .read(handle -> WorkflowRow.TABLE.select(handle, "where status = 'RUNNING' order by workflow_id"));
        for (WorkflowRow row : stored) {
            if (running.putIfAbsent(row.workflowId(), true) == null) {
                threads.execute(() -> runToItsEnd(row));
            }
        }
    }

    /** What workflows are called, whose rows name them so. */
    Set<String> types() {
        return Set.copyOf(types.keySet());
    }

    /** The step that each running workflow is at, by its id. */
    Map<Long, String> presentSteps() {
        return presentSteps;
    }

    /** Whether nothing is left to do. */
    boolean isIdle() {
        return database.read(handle -> WorkflowRow.TABLE.count(handle, "where status = 'RUNNING'")) == 0;
    }

    /** Waits for the steps that are under way; each workflow stays where its last stored step left it. */
    @Override
    public void close() {
        rest.close();
        threads.shutdown();
        try {
            if (!threads.awaitTermination(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                log.warn("some workflows did not stop within {} s; they go on at the next start",
                        CLOSE_LIMIT.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void runToItsEnd(WorkflowRow row) {
        try {
            permits.acquireUninterruptibly();
            try {
                rest.checkOpen();
                attempt(Objects.requireNonNull(types.get(row.type()), row.type()), row);
            } finally {
                permits.release();
            }
            running.remove(row.workflowId());
            presentSteps.remove(row.workflowId());
        } catch (Rest.ClosingException e) {
            log.debug("{} of {} goes on at the next start", row.type(), row.key().id());
        } catch (RuntimeException | Error e) {
            // Left as running: it is not begun again in this process, because it would end here again.
            log.error("{} of {} is broken off; it goes on at the next start", row.type(), row.key().id(), e);
        }
    }

    private <I extends Record> void attempt(Workflow<I> workflow, WorkflowRow row) {
        I input = json.get().readValue(row.input(), workflow.inputType());
        Map<String, String> done = database.read(handle -> doneSteps(handle, row));
        Steps steps = new Steps(row, done, database, clock, rest, observer, json, presentSteps);
        Duration backoff = FIRST_BACKOFF;
        for (int failures = row.attempts() + 1;; failures++) {
            try {
                workflow.run(row.key(), input, steps);
                database.run(handle -> end(handle, row, WorkflowRow.Status.DONE));
                return;
            } catch (Rest.ClosingException e) {
                throw e;
            } catch (RuntimeException e) {
                String reason = bounded(String.valueOf(e.getMessage()));
                boolean last = failures >= workflow.maxAttempts() || e instanceof HopelessException;
                tell(row, failures, last, e);
                int count = failures;
                database.run(handle -> {
                    handle.execute("update workflow set attempts = ?, failure = ? where workflow_id = ?", count, reason,
                            row.workflowId());
                    if (last) {
                        workflow.giveUp(handle, row.key(), input, reason);
                        end(handle, row, WorkflowRow.Status.FAILED);
                    }
                });
                if (last) {
                    // Giving up may have begun another one that takes back what was done.
                    dispatch();
                    return;
                }
            }
            rest.pause(backoff);
            backoff = backoff.multipliedBy(2).compareTo(LONGEST_BACKOFF) < 0
                    ? backoff.multipliedBy(2)
                    : LONGEST_BACKOFF;
        }
    }

    private static void tell(WorkflowRow row, int attempt, boolean last, RuntimeException e) {
        if (TransientErrors.contain(e) && !last && attempt < LASTING_ATTEMPTS) {
            log.debug("{} of {}: attempt {} was too early: {}", row.type(), row.key().id(), attempt, e.getMessage());
        } else {
            log.warn("{} of {}: attempt {} failed{}", row.type(), row.key().id(), attempt,
                    last ? ", giving up" : "", e);
        }
    }

    private void end(Handle handle, WorkflowRow row, WorkflowRow.Status status) {
        handle.execute("update workflow set status = ?, ended_at_millis = ? where workflow_id = ?", status.name(),
                clock.millis(), row.workflowId());
        handle.execute("delete from workflow where status <> 'RUNNING' and workflow_id <= ?",
                row.workflowId() - FINISHED_KEPT);
    }

    private static String bounded(String text) {
        return text.substring(0, Math.min(text.length(), MAX_FAILURE_LENGTH));
    }
}

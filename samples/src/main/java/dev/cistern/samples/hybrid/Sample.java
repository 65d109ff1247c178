package dev.cistern.samples.hybrid;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Loads the sample in the background, one load at a time, and tells how far it is. Any thread. */
final class Sample {

    static final int MOST_ROWS = 5_000_000;

    private static final long SEED = 2012;

    private final AtomicReference<Progress> progress = new AtomicReference<>(new Progress(0, 0, false, null));

    /** How many rows of how many are in; and what went wrong, if anything. */
    record Progress(int done, int total, boolean isRunning, @Nullable String failure) {}

    /** Opens a connection that may write. */
    @FunctionalInterface
    interface Writing {
        Connection open() throws SQLException;
    }

    Progress progress() {
        return progress.get();
    }

    /** Starts a load unless one is running; {@code afterwards} runs when the rows are in. */
    boolean start(Writing database, int rows, Runnable afterwards) {
        Progress before = progress.get();
        if (before.isRunning() || !progress.compareAndSet(before, new Progress(0, rows, true, null))) {
            return false;
        }
        Thread.ofVirtual().name("sample").start(() -> load(database, rows, afterwards));
        return true;
    }

    private void load(Writing database, int rows, Runnable afterwards) {
        String failure = "it stopped in the middle";
        try (Connection connection = database.open()) {
            Incidents.load(connection, rows, SEED, done -> progress.set(new Progress(done, rows, true, null)));
            afterwards.run();
            failure = null;
        } catch (SQLException e) {
            failure = "The sample could not be loaded: " + e.getMessage();
        } finally {
            progress.set(new Progress(progress.get().done(), rows, false, failure));
        }
    }
}

package dev.cistern.samples.hybrid;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;

/**
 * Readers who come whether or not the last one was answered: so many a second for some seconds, each with one of a few
 * dozen queries. Whoever would be the {@value #MOST_AT_ONCE}th to wait is turned away, as a web server would. One run at
 * a time; a virtual thread for each reader.
 */
final class LoadTest {

    /** Readers a second at 1×. */
    static final int BASE_PER_SECOND = 10;

    private static final int SECONDS = 3;
    private static final int BUCKET_MILLIS = 250;
    private static final int MOST_AT_ONCE = 256;
    /** After the last reader came, the slowest have this long. */
    private static final int PATIENCE_SECONDS = 15;
    private static final int DIFFERENT_QUERIES = 24;

    private LoadTest() {}

    /** What happened to the readers who came in one quarter of a second. */
    record Bucket(int atMillis, int asked, int answered, int turnedAway, int failed, double medianMillis,
            double p95Millis) {}

    /** The whole run; times in milliseconds, -1 where nobody was answered. */
    record Outcome(int factor, boolean withCache, int asked, int answered, int turnedAway, int failed,
            double medianMillis, double p95Millis, double wholeSeconds, List<Bucket> buckets) {}

    /** One reader's fate. */
    private record Reader(int arrivedMillis, Fate fate, double millis) {

        enum Fate {
            ANSWERED, TURNED_AWAY, FAILED
        }
    }

    static Outcome run(FarDatabase database, int factor, boolean withCache) throws InterruptedException {
        DataSource source = withCache ? database.withCache() : database.withoutCache();
        int readers = BASE_PER_SECOND * factor * SECONDS;
        Reader[] fates = new Reader[readers];
        Semaphore places = new Semaphore(MOST_AT_ONCE);
        long startNanos = System.nanoTime();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        for (int number = 0; number < readers; number++) {
            long dueNanos = startNanos + number * TimeUnit.SECONDS.toNanos(SECONDS) / readers;
            TimeUnit.NANOSECONDS.sleep(dueNanos - System.nanoTime());
            int reader = number;
            int arrived = (int) TimeUnit.NANOSECONDS.toMillis(dueNanos - startNanos);
            if (places.tryAcquire()) {
                threads.execute(() -> {
                    fates[reader] = read(source, reader, arrived);
                    places.release();
                });
            } else {
                fates[reader] = new Reader(arrived, Reader.Fate.TURNED_AWAY, 0);
            }
        }
        threads.shutdown();
        if (!threads.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            threads.shutdownNow();
            threads.awaitTermination(1, TimeUnit.SECONDS);
        }
        double seconds = Math.round((System.nanoTime() - startNanos) / 1e7) / 1e2;
        return outcome(factor, withCache, List.of(fates.clone()), seconds);
    }

    private static Reader read(DataSource source, int number, int arrivedMillis) {
        long startNanos = System.nanoTime();
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query(number % DIFFERENT_QUERIES))) {
            while (result.next()) {
                result.getString(1);
            }
            return new Reader(arrivedMillis, Reader.Fate.ANSWERED, (System.nanoTime() - startNanos) / 1e6);
        } catch (SQLException e) {
            return new Reader(arrivedMillis, Reader.Fate.FAILED, 0);
        }
    }

    private static String query(int number) {
        return "SELECT kind, COUNT(*) AS incidents FROM incidents WHERE district_no = " + (1 + number % 12)
                + " AND severity >= " + (1 + number / 12) + " GROUP BY kind ORDER BY incidents DESC";
    }

    private static Outcome outcome(int factor, boolean withCache, List<Reader> fates, double seconds) {
        List<Bucket> buckets = new ArrayList<>();
        for (int from = 0; from < SECONDS * 1_000; from += BUCKET_MILLIS) {
            int start = from;
            List<Reader> some = fates.stream().filter(reader -> reader.arrivedMillis() >= start
                    && reader.arrivedMillis() < start + BUCKET_MILLIS).toList();
            double[] times = times(some);
            buckets.add(new Bucket(from, some.size(), times.length, count(some, Reader.Fate.TURNED_AWAY), count(some,
                    Reader.Fate.FAILED), share(times, 0.5), share(times, 0.95)));
        }
        double[] times = times(fates);
        return new Outcome(factor, withCache, fates.size(), times.length, count(fates, Reader.Fate.TURNED_AWAY), count(
                fates, Reader.Fate.FAILED), share(times, 0.5), share(times, 0.95), seconds, buckets);
    }

    private static int count(List<Reader> readers, Reader.Fate fate) {
        return (int) readers.stream().filter(reader -> reader.fate() == fate).count();
    }

    private static double[] times(List<Reader> readers) {
        double[] times = readers.stream().filter(reader -> reader.fate() == Reader.Fate.ANSWERED)
                .mapToDouble(Reader::millis).toArray();
        Arrays.sort(times);
        return times;
    }

    /** The time within which this share of the readers was answered. */
    private static double share(double[] sorted, double share) {
        return sorted.length == 0
                ? -1
                : Math.round(sorted[(int) Math.min(sorted.length - 1L, Math.round(share * sorted.length))] * 1e3) / 1e3;
    }
}

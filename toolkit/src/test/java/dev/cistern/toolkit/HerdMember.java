package dev.cistern.toolkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * One of the JVMs of {@link ThreeJvmsTest}: many readers of one key. Its parent leads it line by line, so that no load
 * lands before every reader of every JVM has missed.
 */
public final class HerdMember {

    private static final String CACHE = "pages";
    private static final int STACK_BYTES = 256 * 1024;

    private final BufferedReader parent = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    private final CountDownLatch mayLand = new CountDownLatch(1);
    private final AtomicInteger loads = new AtomicInteger();
    private final Map<String, Integer> answers = new ConcurrentHashMap<>();

    private HerdMember() {}

    /** The server's address, and how many readers. */
    public static void main(String[] arguments) throws Exception {
        new HerdMember().run(arguments[0], Integer.parseInt(arguments[1]));
    }

    private void run(String server, int readers) throws Exception {
        CountDownLatch missed = new CountDownLatch(readers);
        CacheListener counts = new CacheListener() {
            @Override
            public void onGet(String cache, Outcome outcome) {
                if (cache.equals(CACHE) && outcome == Outcome.MISS) {
                    missed.countDown();
                }
            }
        };
        try (CacheKit kit = CacheKit.builder().servers(server).timeLimit(Duration.ofMinutes(1)).listener(counts)
                .build()) {
            LoadingCache<String, String> pages = kit.cache(CACHE, String.class, String.class).singleFlightAcrossJvms(
                    Duration.ofMinutes(5)).build(this::load);
            kit.cache("other", String.class, String.class).build().getIfPresent("opens the connection");
            tell("ready");
            expect("go");
            List<Thread> herd = start(readers, () -> answers.merge(String.valueOf(pages.get("front")), 1,
                    Integer::sum));
            missed.await();
            tell("missed");
            expect("land");
            mayLand.countDown();
            for (Thread reader : herd) {
                reader.join();
            }
        }
        tell(loads + " loaded, " + answers);
    }

    private String load(String page) throws InterruptedException {
        int number = loads.incrementAndGet();
        mayLand.await();
        return page + ", load " + number;
    }

    private static List<Thread> start(int count, Runnable work) {
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            Thread thread = new Thread(null, work, "reader-" + number, STACK_BYTES);
            threads.add(thread);
            thread.start();
        }
        return threads;
    }

    private static void tell(String line) {
        System.out.println(line);
    }

    private void expect(String word) throws IOException {
        String line = parent.readLine();
        if (!word.equals(line)) {
            throw new IOException("expected " + word + ", got " + line);
        }
    }
}

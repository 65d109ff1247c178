package dev.cistern.samples.spring;

import dev.cistern.toolkit.spring.Expire;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.cache.annotation.CacheEvict;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.stereotype.Service;

/** What things cost, worked out slowly. */
@Service
public class Prices {

    private static final int SLOW_MILLIS = 300;

    private final AtomicInteger questions = new AtomicInteger();

    /** A price, in cents. */
    public record Price(String product, int cents) {}

    /** Good for ten minutes, a fifth more or less; whoever else asks meanwhile waits for the same answer. */
    @Cacheable(cacheNames = "prices", sync = true)
    @Expire(ttl = "10m", jitter = 0.2)
    public Price of(String product) throws InterruptedException {
        questions.incrementAndGet();
        Thread.sleep(SLOW_MILLIS);
        return new Price(product, 100 * product.length() + 99);
    }

    /** The price has changed: the next who asks has it worked out anew. */
    @CacheEvict("prices")
    public void changed(String product) {}

    /** How often a price was worked out here. */
    public int questions() {
        return questions.get();
    }
}

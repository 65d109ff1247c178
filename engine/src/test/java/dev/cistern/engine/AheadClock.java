package dev.cistern.engine;

import dev.cistern.engine.dispatch.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** The system's clock, which may jump ahead with both of its hands. */
final class AheadClock implements Clock {
    private final AtomicLong aheadNanos = new AtomicLong();

    void jump(Duration ahead) {
        aheadNanos.addAndGet(ahead.toNanos());
    }

    long aheadNanos() {
        return aheadNanos.get();
    }

    @Override
    public long wallMillis() {
        return Clock.SYSTEM.wallMillis() + TimeUnit.NANOSECONDS.toMillis(aheadNanos.get());
    }

    @Override
    public long wallMicros() {
        return Clock.SYSTEM.wallMicros() + TimeUnit.NANOSECONDS.toMicros(aheadNanos.get());
    }

    @Override
    public long nanos() {
        return Clock.SYSTEM.nanos() + aheadNanos.get();
    }
}

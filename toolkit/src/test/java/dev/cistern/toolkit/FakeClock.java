package dev.cistern.toolkit;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that moves when told. */
public final class FakeClock implements InstantSource {

    private final AtomicLong nowMillis = new AtomicLong(1_700_000_000_000L);

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(nowMillis.get());
    }

    public void pass(Duration time) {
        nowMillis.addAndGet(time.toMillis());
    }
}

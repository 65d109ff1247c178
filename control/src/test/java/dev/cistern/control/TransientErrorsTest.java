package dev.cistern.control;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.cistern.control.workflow.StepObserver;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

import static org.assertj.core.api.Assertions.assertThat;

/** What passes by itself is no fault, and what lasts is told. */
final class TransientErrorsTest {

    private static final String LOADING = "LOADING Redis is loading the dataset in memory";

    @TempDir
    Path directory;

    private final Logger engine = (Logger) LoggerFactory.getLogger("dev.cistern.control.workflow.WorkflowEngine");
    private final ListAppender<ILoggingEvent> heard = new ListAppender<>();

    @BeforeEach
    void listen() {
        heard.start();
        engine.setLevel(Level.DEBUG);
        engine.setAdditive(false);
        engine.addAppender(heard);
    }

    @AfterEach
    void leave() {
        engine.detachAppender(heard);
        engine.setAdditive(true);
        engine.setLevel(Level.OFF);
    }

    /** However long it takes: that is no attempt that failed. */
    @Test
    void aReplicaThatLoadsIsWaitedFor() {
        try (TestPlane test = new TestPlane(directory)) {
            test.nodes.loads = 20;
            assertThat(test.createGroup("g", 1).status()).isEqualTo("available");
            assertThat(test.nodes.follows("g-002")).isEqualTo("g-001");
        }
        assertThat(heard.list).extracting(ILoggingEvent::getFormattedMessage).isEmpty();
    }

    @Test
    void whatTheNextAttemptMendsIsNoWarning() {
        AtomicInteger left = new AtomicInteger(4);
        try (TestPlane test = new TestPlane(directory, failing(left, new JedisDataException(LOADING),
                new JedisConnectionException("refused"), new JedisDataException("BUSY script"),
                new JedisDataException("MASTERDOWN link")))) {
            test.createCluster("c");
            assertThat(test.cluster("c").cacheClusterStatus()).isEqualTo("available");
        }
        assertThat(heard.list).hasSize(4).allSatisfy(event -> {
            assertThat(event.getLevel()).isEqualTo(Level.DEBUG);
            assertThat(event.getThrowableProxy()).isNull();
        });
    }

    @Test
    void whatLastsIsTold() {
        AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);
        try (TestPlane test = new TestPlane(directory, failing(left, new JedisDataException(LOADING)))) {
            test.createCluster("c");
            assertThat(test.cluster("c").cacheClusterStatus()).isEqualTo("incompatible-network");
        }
        assertThat(heard.list).filteredOn(event -> event.getLevel() == Level.WARN).singleElement().satisfies(event -> {
            assertThat(event.getFormattedMessage()).endsWith("giving up");
            assertThat(event.getThrowableProxy().getMessage()).isEqualTo(LOADING);
        });
    }

    /** Another error is told at once. */
    @Test
    void whatDoesNotPassIsTold() {
        AtomicInteger left = new AtomicInteger(1);
        try (TestPlane test = new TestPlane(directory, failing(left, new JedisDataException("ERR no such thing")))) {
            test.createCluster("c");
        }
        assertThat(heard.list).extracting(ILoggingEvent::getLevel).containsExactly(Level.WARN);
    }

    /** Starts fail with these errors in turn, as often as {@code left} says. */
    private static StepObserver failing(AtomicInteger left, RuntimeException... errors) {
        List<RuntimeException> all = List.of(errors);
        return (_, step, point) -> {
            if (step.startsWith("start ") && point == StepObserver.Point.BEFORE && left.getAndDecrement() > 0) {
                throw all.get(left.get() % all.size());
            }
        };
    }
}

package dev.cistern.app;

import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * From "it runs" to the end of the process: waits for Ctrl-C, SIGTERM or a service that ends by itself, and closes what
 * runs exactly once. It starts nothing. The main thread waits here; on SIGTERM the JVM's shutdown thread closes.
 *
 * <p>Ctrl-C is how a user in front of a terminal ends a server, so it is success: exit code 0. SIGTERM keeps the JVM's
 * 143, which service managers read as "ended because I said so". A second Ctrl-C does not wait for a close that hangs.
 */
final class Lifetime {

    private static final int ENDED_BY_FORCE = 130;

    private final Runnable close;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final CountDownLatch ended = new CountDownLatch(1);

    Lifetime(Runnable close) {
        this.close = close;
    }

    /** Returns the exit code once everything is closed. */
    int awaitEnd() throws InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(this::closeOnce, "shutdown"));
        onInterrupt(() -> {
            if (ended.getCount() == 0) {
                Runtime.getRuntime().halt(ENDED_BY_FORCE);
            }
            end();
        });
        ended.await();
        closeOnce();
        return ExitCode.OK;
    }

    /** What runs has ended, or shall: lets {@link #awaitEnd} go on. Any thread. */
    void end() {
        ended.countDown();
    }

    private void closeOnce() {
        if (closed.compareAndSet(false, true)) {
            close.run();
        }
    }

    /**
     * Takes Ctrl-C over from the JVM. The class for it, sun.misc.Signal, is in every JDK but not for javac's -Werror, so
     * it is reached by name; on a JVM without it Ctrl-C ends the process through the shutdown hook, with code 130.
     */
    private static void onInterrupt(Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object forwarder = Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[]{handler},
                    (_, _, _) -> {
                        action.run();
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance("INT"), forwarder);
        } catch (ReflectiveOperationException absent) {
            // The JVM's own way of ending stays; it closes as well.
        }
    }
}

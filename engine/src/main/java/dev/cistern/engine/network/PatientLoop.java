package dev.cistern.engine.network;

import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.SingleThreadIoEventLoop;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * An event loop whose tasks may let the others have their turn before they end.
 *
 * <p>For a task that takes seconds and cannot be cut in pieces, as a script. Only a task may do so: in the middle of
 * reading sockets the list of those that are ready would be overwritten.
 */
final class PatientLoop extends SingleThreadIoEventLoop {
    private static final long QUANTUM_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    PatientLoop(IoEventLoopGroup parent, Executor executor, IoHandlerFactory handlerFactory) {
        super(parent, executor, handlerFactory);
    }

    private static void nothing() {}

    /** Serves the sockets that are ready and the tasks that wait, once. Called by a task of this loop. */
    void serveOthers() {
        // While a task waits, the loop does not sleep until a socket is ready.
        execute(PatientLoop::nothing);
        var _ = runIo();
        var _ = runAllTasks(QUANTUM_NANOS);
    }
}

package dev.cistern.gateway;

import java.lang.reflect.Proxy;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import software.amazon.awssdk.core.SdkPojo;

/** An implementation of any SDK interface that remembers the last request and answers what the test says. */
public final class RecordingService<C> {

    private final C client;
    private final AtomicReference<SdkPojo> lastRequest = new AtomicReference<>();
    private volatile UnaryOperator<Object> reply = request -> {
        throw new IllegalStateException("no reply set");
    };

    public RecordingService(Class<C> api) {
        this.client = api
                .cast(Proxy.newProxyInstance(api.getClassLoader(), new Class<?>[]{api}, (self, method, args) -> {
                    SdkPojo request = (SdkPojo) args[0];
                    lastRequest.set(request);
                    return reply.apply(request);
                }));
    }

    public C client() {
        return client;
    }

    public void reply(UnaryOperator<Object> newReply) {
        reply = newReply;
    }

    public SdkPojo lastRequest() {
        return Objects.requireNonNull(lastRequest.get());
    }
}

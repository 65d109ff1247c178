package dev.cistern.gateway;

import dev.cistern.control.Caller;
import dev.cistern.gateway.http.HttpServer;
import dev.cistern.gateway.http.ListenException;
import java.util.function.Function;
import java.util.function.Supplier;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

/**
 * The running gateway: from {@link #start} to {@link #close} it answers AWS's protocols on one port.
 *
 * <p>It owns its sockets and threads, and not the service behind them.
 */
public final class Gateway implements AutoCloseable {

    private final HttpServer server;
    private final String host;

    private Gateway(HttpServer server, String host) {
        this.server = server;
        this.host = host;
    }

    /**
     * Starts answering.
     *
     * @param elastiCache  the service for one caller; called once per request, on the request's thread
     * @throws ListenException when the address is taken or cannot be had; the message is for the operator
     */
    public static Gateway start(GatewayOptions options, Function<Caller, ElastiCacheClient> elastiCache) {
        return start(options, elastiCache, () -> "{}");
    }

    /**
     * Starts answering, also at {@code /status}.
     *
     * @param status  JSON for operators; asked once per request
     */
    public static Gateway start(GatewayOptions options, Function<Caller, ElastiCacheClient> elastiCache,
            Supplier<String> status) {
        AwsFront front = new AwsFront(options, elastiCache, status);
        HttpServer server = HttpServer.start(options.host(), options.port(), options.limits(), front, options.clock());
        return new Gateway(server, options.host());
    }

    public int port() {
        return server.port();
    }

    /** Where to point a client: {@code AWS_ENDPOINT_URL}. */
    public String url() {
        return "http://" + (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port();
    }

    /** Stops listening and waits for running requests, for as long as the limits say. */
    @Override
    public void close() {
        server.close();
    }
}

package dev.cistern.gateway;

import dev.cistern.gateway.audit.AuditLog;
import dev.cistern.gateway.http.HttpServer;
import dev.cistern.gateway.http.ListenException;

/**
 * The running gateway: from {@link #start} to {@link #close} it answers AWS's protocols on one port.
 *
 * <p>It owns its sockets and threads, and not the service behind them.
 */
public final class Gateway implements AutoCloseable {

    private final HttpServer server;
    private final String host;

    private final AuditLog audit;

    private Gateway(HttpServer server, String host, AuditLog audit) {
        this.server = server;
        this.host = host;
        this.audit = audit;
    }

    /**
     * Starts answering.
     *
     * @throws ListenException when the address is taken or cannot be had; the message is for the operator
     */
    public static Gateway start(GatewayOptions options, Backend backend) {
        AwsFront front = new AwsFront(options, backend);
        HttpServer server = HttpServer.start(options.host(), options.port(), options.limits(), front, options.clock());
        return new Gateway(server, options.host(), options.audit());
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
        audit.close();
    }
}

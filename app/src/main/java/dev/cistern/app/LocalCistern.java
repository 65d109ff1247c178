package dev.cistern.app;

import dev.cistern.control.ControlPlane;
import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.control.EndpointOptions;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.gateway.Gateway;
import dev.cistern.gateway.GatewayOptions;
import dev.cistern.gateway.audit.AuditLog;
import dev.cistern.gateway.sign.KeyFile;
import dev.cistern.gateway.sign.LoginKeyFile;
import java.nio.file.Path;

/**
 * A whole Cistern: nodes, control plane and gateway, started from the bottom up and closed from the top down. It wires and
 * nothing else. Start and close come from one thread.
 */
final class LocalCistern implements AutoCloseable {

    /** Who asked what of the API, in the state folder. */
    static final String AUDIT_FILE = "audit.log";

    private final ControlPlane controlPlane;
    private final Gateway gateway;

    private LocalCistern(ControlPlane controlPlane, Gateway gateway) {
        this.controlPlane = controlPlane;
        this.gateway = gateway;
    }

    /**
     * Starts it; nodes that ran before run again at their old endpoints.
     *
     * @throws dev.cistern.control.StateDirectoryException the state cannot be used
     * @throws dev.cistern.gateway.http.ListenException    the gateway's address cannot be had
     */
    static LocalCistern start(ControlPlaneOptions options, GatewayOptions gatewayOptions) {
        ControlPlane controlPlane;
        try {
            controlPlane = ControlPlane.open(withKeys(options).withCaller(gatewayOptions.fallback())
                    .withLoginKeys(new LoginKeyFile(keys(options, gatewayOptions), gatewayOptions.fallback()))
                    .withSplitter(new LocalSplitter(options.stateDirectory())));
        } catch (RuntimeException e) {
            options.runtime().close();
            options.backups().close();
            throw e;
        }
        try {
            Gateway gateway = Gateway.start(
                    gatewayOptions.withAudit(AuditLog.in(options.stateDirectory().resolve(AUDIT_FILE))),
                    new ControlBackend(controlPlane));
            options.sources().own(gateway.port());
            return new LocalCistern(controlPlane, gateway);
        } catch (RuntimeException e) {
            controlPlane.close();
            throw e;
        }
    }

    /** Nodes of ours encrypt what they keep; the originals cannot. */
    private static ControlPlaneOptions withKeys(ControlPlaneOptions options) {
        return options.runtime().runsOriginals()
                ? options
                : options.withKeys(new LocalKeys(options.stateDirectory(), options.clock()));
    }

    /** The same with its nodes in this JVM. */
    static LocalCistern start(Path stateDirectory, EndpointOptions endpoints, GatewayOptions gatewayOptions) {
        return start(ControlPlaneOptions.of(stateDirectory, new InJvmRuntime(EventLoops.start()))
                .withEndpoints(endpoints), gatewayOptions);
    }

    /** Also where the API takes any key there are some by which users log in to caches. */
    private static KeyFile keys(ControlPlaneOptions options, GatewayOptions gatewayOptions) {
        return gatewayOptions.keys() instanceof KeyFile file
                ? file
                : new KeyFile(options.stateDirectory().resolve(AccessOptions.KEYS_FILE));
    }

    ControlPlane controlPlane() {
        return controlPlane;
    }

    /** Where clients of the AWS API are to be pointed. */
    String url() {
        return gateway.url();
    }

    /** First no new calls, then no nodes; the state stays on disk. */
    @Override
    public void close() {
        gateway.close();
        controlPlane.close();
    }
}

package dev.cistern.app;

import dev.cistern.control.Caller;
import dev.cistern.control.ControlPlane;
import dev.cistern.control.NetworkService;
import dev.cistern.gateway.Backend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

/** The control plane as the gateway sees it. */
record ControlBackend(ControlPlane plane) implements Backend {

    @Override
    public ElastiCacheClient elastiCache(Caller caller) {
        return plane.elastiCache(caller);
    }

    @Override
    public NetworkService network(Caller caller) {
        return plane.network(caller);
    }

    @Override
    public String status() {
        return plane.status().toJson();
    }

    @Override
    public String doors() {
        return plane.doors().toJson();
    }

    @Override
    public String authority() {
        try {
            return Files.readString(plane.authorityFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package dev.cistern.app;

import dev.cistern.control.EndpointOptions;
import dev.cistern.gateway.GatewayOptions;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

/** What tests of a whole Cistern have in common: one that runs, with its nodes in this JVM, and AWS's client of it. */
abstract class CisternTest {

    @TempDir
    Path state;

    LocalCistern cistern;
    ElastiCacheClient client;

    @BeforeEach
    final void start() throws IOException {
        cistern = LocalCistern.start(state, endpoints(), GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
        client = Probe.sdk(cistern.url());
    }

    @AfterEach
    final void end() {
        client.close();
        cistern.close();
    }

    EndpointOptions endpoints() throws IOException {
        return Probe.endpoints();
    }
}

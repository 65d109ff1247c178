package dev.cistern.app;

import dev.cistern.control.node.EngineType;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of a node that speaks TLS. Turns them into settings; what one may be is decided by the engine. */
final class TlsArguments {

    @Option(names = "--tls-port", paramLabel = "PORT", description = "The port for TLS; the same as --port for both on one, and --port 0 for TLS alone.")
    private @Nullable Integer port;

    @Option(names = {"-Z", "--enable-ssl"}, description = "Have a Memcached node speak TLS and nothing else.")
    private boolean memcached;

    @Option(names = "--tls-cert-file", paramLabel = "FILE", description = "The node's certificate and those that lead to its authority, PEM.")
    private @Nullable Path certificate;

    @Option(names = "--tls-key-file", paramLabel = "FILE", description = "Its private key, PEM.")
    private @Nullable Path key;

    @Option(names = "--tls-ca-cert-file", paramLabel = "FILE", description = "The authorities whose certificates clients may show, PEM.")
    private @Nullable Path authority;

    @Option(names = "--tls-auth-clients", paramLabel = "WHEN", description = "Whether clients have to show one: no, optional, yes (default no without --tls-ca-cert-file).")
    private @Nullable String clients;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
    TlsArguments() {}

    void putInto(Map<String, String> settings, EngineType type) {
        if (type == EngineType.MEMCACHED) {
            putIfGiven(settings, "enable_ssl", memcached ? "1" : null);
            putIfGiven(settings, "ssl_chain_cert", absolute(certificate));
            putIfGiven(settings, "ssl_key", absolute(key));
            putIfGiven(settings, "ssl_ca_cert", absolute(authority));
            return;
        }
        putIfGiven(settings, "tls-port", port);
        putIfGiven(settings, "tls-cert-file", absolute(certificate));
        putIfGiven(settings, "tls-key-file", absolute(key));
        putIfGiven(settings, "tls-ca-cert-file", absolute(authority));
        String wanted = clients == null && authority == null && port != null ? "no" : clients;
        putIfGiven(settings, "tls-auth-clients", wanted);
    }

    private static @Nullable Path absolute(@Nullable Path file) {
        return file == null ? null : file.toAbsolutePath();
    }

    private static void putIfGiven(Map<String, String> settings, String name, @Nullable Object value) {
        if (value != null) {
            settings.putIfAbsent(name, value.toString());
        }
    }
}

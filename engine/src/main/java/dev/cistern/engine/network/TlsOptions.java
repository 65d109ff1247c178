package dev.cistern.engine.network;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node's TLS is made of: files and rules, not yet read. Immutable.
 *
 * @param certificates the node's certificate and those that lead to its authority, PEM; null if it has none to show
 * @param key the private key, PEM in the form PKCS#8
 * @param keyPassword what the key is encrypted with; null if it is not
 * @param authorities whose certificates the other side may show, PEM; empty for nobody's
 * @param clients whether clients have to show one
 * @param protocols as TLSv1.2; empty for 1.2 and 1.3
 * @param ciphers suites of TLS 1.2; empty for those that are safe
 * @param cipherSuites suites of TLS 1.3; empty for all
 * @param prefersOwnOrder whether our order of suites decides and not the client's
 * @param cachesSessions whether clients may resume sessions
 * @param sessionCacheSize so many sessions are remembered
 * @param sessionSeconds and so long
 */
public record TlsOptions(@Nullable Path certificates, @Nullable Path key, @Nullable String keyPassword,
        List<Path> authorities, Clients clients, List<String> protocols, List<String> ciphers,
        List<String> cipherSuites,
        boolean prefersOwnOrder, boolean cachesSessions, long sessionCacheSize, long sessionSeconds) {

    /** Whether a client has to show a certificate, may, or is not asked. */
    public enum Clients {
        NO, OPTIONAL, YES
    }

    private static final int DEFAULT_CACHE_SIZE = 20 * 1024;
    private static final int DEFAULT_SESSION_SECONDS = 300;

    public TlsOptions {
        authorities = List.copyOf(authorities);
        protocols = List.copyOf(protocols);
        ciphers = List.copyOf(ciphers);
        cipherSuites = List.copyOf(cipherSuites);
    }

    /** These files, no questions to clients, and the usual rules. */
    public static TlsOptions of(Path certificates, Path key) {
        return new TlsOptions(certificates, key, null, List.of(), Clients.NO, List.of(), List.of(), List.of(), false,
                true, DEFAULT_CACHE_SIZE, DEFAULT_SESSION_SECONDS);
    }

    /** The files, and not what opens the key. */
    @Override
    public String toString() {
        return "TlsOptions[" + certificates + " " + key + " " + protocols + "]";
    }
}

package dev.cistern.engine.network;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Certificates and rules, read and ready: makes one engine for each connection.
 *
 * <p>OpenSSL does the work where it is built for this machine (it is several times faster), the JDK elsewhere, and also
 * where suites of TLS 1.3 are chosen, which the built-in OpenSSL does not let one do. Never changed: other certificates
 * are another context, and the connections of the old one go on. Any thread may use it.
 */
public final class TlsContext implements AutoCloseable {
    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");
    private static final Set<String> KNOWN_PROTOCOLS = Set.copyOf(PROTOCOLS);
    /** With forward secrecy and authenticated encryption, as ElastiCache offers them; by their names in the JDK. */
    private static final List<String> SAFE_CIPHERS = List.of(
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");
    private static final List<String> SAFE_SUITES = List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256");

    private final SslContext context;
    private final boolean prefersOwnOrder;
    private boolean closed;

    private TlsContext(SslContext context, boolean prefersOwnOrder) {
        this.context = context;
        this.prefersOwnOrder = prefersOwnOrder;
    }

    /**
     * Reads the files, for those who come.
     *
     * @throws IOException one cannot be read, or does not hold what it should, or a rule means nothing
     */
    public static TlsContext read(TlsOptions options) throws IOException {
        if (options.clients() != TlsOptions.Clients.NO && options.authorities().isEmpty()) {
            throw new IOException("certificates of clients are asked for, but no authority is named that issues them");
        }
        Identity identity = Identity.of(options);
        if (identity == null) {
            throw new IOException("TLS needs tls-cert-file and tls-key-file");
        }
        SslContextBuilder builder = SslContextBuilder.forServer(identity.key, identity.chain)
                .clientAuth(clientAuth(options.clients()));
        if (options.cachesSessions()) {
            builder.sessionCacheSize(options.sessionCacheSize()).sessionTimeout(options.sessionSeconds());
        }
        TlsContext made = new TlsContext(build(builder, options, provider(options)), options.prefersOwnOrder());
        made.cacheSessions(options.cachesSessions());
        made.requireUsable();
        return made;
    }

    /**
     * Reads the files, for connections of ours to other nodes: shows the certificate, if there is one, and trusts the
     * authorities. Names are not compared, as nodes are known by addresses.
     *
     * @throws IOException as when they are read for those who come
     */
    public static TlsContext forPeers(TlsOptions options) throws IOException {
        TlsContext made = new TlsContext(build(peerBuilder(options), options, provider(options)), false);
        made.requireUsable();
        return made;
    }

    /** The same for sockets that a thread waits for. */
    public static SSLSocketFactory socketsToPeers(TlsOptions options) throws IOException {
        return ((JdkSslContext) build(peerBuilder(options), options, SslProvider.JDK)).context().getSocketFactory();
    }

    private static SslContextBuilder peerBuilder(TlsOptions options) throws IOException {
        if (options.authorities().isEmpty()) {
            throw new IOException("to trust another node, this one needs tls-ca-cert-file or tls-ca-cert-dir");
        }
        SslContextBuilder builder = SslContextBuilder.forClient().endpointIdentificationAlgorithm(null);
        Identity identity = Identity.of(options);
        return identity == null ? builder : builder.keyManager(identity.key, identity.chain);
    }

    private static SslContext build(SslContextBuilder builder, TlsOptions options, SslProvider provider)
            throws IOException {
        try {
            builder.sslProvider(provider).protocols(protocols(options)).ciphers(suites(options));
            if (!options.authorities().isEmpty()) {
                builder.trustManager(certificates(options.authorities()));
            }
            return builder.build();
        } catch (IllegalArgumentException | GeneralSecurityException e) {
            throw unusable(e);
        }
    }

    private static IOException unusable(Exception why) {
        return new IOException(why.getMessage() == null ? why.toString() : why.getMessage(), why);
    }

    /** What this side shows the other one. */
    private record Identity(PrivateKey key, List<X509Certificate> chain) {

        static @Nullable Identity of(TlsOptions options) throws IOException {
            Path certificates = options.certificates();
            Path key = options.key();
            if (certificates == null || key == null) {
                return null;
            }
            try {
                List<X509Certificate> chain = certificates(List.of(certificates));
                return new Identity(
                        PrivateKeys.read(readable(key), options.keyPassword(), chain.getFirst().getPublicKey()), chain);
            } catch (IllegalArgumentException | GeneralSecurityException e) {
                throw unusable(e);
            }
        }
    }

    /** The name of the library that encrypts: OpenSSL's, or JDK. */
    public static String providerName() {
        return OpenSsl.isAvailable() ? String.valueOf(OpenSsl.versionString()) : "JDK";
    }

    private static SslProvider provider(TlsOptions options) {
        return OpenSsl.isAvailable() && options.cipherSuites().isEmpty() ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK;
    }

    private static ClientAuth clientAuth(TlsOptions.Clients clients) {
        return switch (clients) {
            case NO -> ClientAuth.NONE;
            case OPTIONAL -> ClientAuth.OPTIONAL;
            case YES -> ClientAuth.REQUIRE;
        };
    }

    private static Path readable(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            throw new IOException("cannot read " + file);
        }
        return file;
    }

    private static List<String> protocols(TlsOptions options) {
        for (String protocol : options.protocols()) {
            if (!KNOWN_PROTOCOLS.contains(protocol)) {
                throw new IllegalArgumentException("there are TLSv1.2 and TLSv1.3, not " + protocol);
            }
        }
        return options.protocols().isEmpty() ? PROTOCOLS : options.protocols();
    }

    private static List<String> suites(TlsOptions options) {
        List<String> all = new ArrayList<>(options.cipherSuites().isEmpty() ? SAFE_SUITES : options.cipherSuites());
        all.addAll(options.ciphers().isEmpty() ? SAFE_CIPHERS : options.ciphers());
        return all;
    }

    private static List<X509Certificate> certificates(List<Path> files) throws IOException, GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> all = new ArrayList<>();
        for (Path file : files) {
            try (InputStream in = Files.newInputStream(readable(file))) {
                factory.generateCertificates(in).forEach(certificate -> all.add((X509Certificate) certificate));
            }
        }
        if (all.isEmpty()) {
            throw new IOException("no certificate in " + files);
        }
        return all;
    }

    /** Some rules are looked at only when an engine is made. */
    private void requireUsable() throws IOException {
        try {
            var _ = ReferenceCountUtil.release(newEngine());
        } catch (IllegalArgumentException e) {
            close();
            throw unusable(e);
        } catch (SSLException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private void cacheSessions(boolean on) {
        if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
            sessions.setSessionCacheEnabled(on);
            if (on) {
                sessions.setTicketKeys(ticketKey());
            }
        }
    }

    /** What tickets of sessions are sealed with; it dies with this context. */
    private static OpenSslSessionTicketKey ticketKey() {
        SecureRandom random = new SecureRandom();
        byte[] name = new byte[OpenSslSessionTicketKey.NAME_SIZE];
        byte[] hmac = new byte[OpenSslSessionTicketKey.HMAC_KEY_SIZE];
        byte[] aes = new byte[OpenSslSessionTicketKey.AES_KEY_SIZE];
        random.nextBytes(name);
        random.nextBytes(hmac);
        random.nextBytes(aes);
        return new OpenSslSessionTicketKey(name, hmac, aes);
    }

    /** An engine for one connection, which releases it at its end. */
    synchronized SSLEngine newEngine() throws SSLException {
        if (closed) {
            throw new SSLException("the certificates were replaced");
        }
        SSLEngine engine = context.newEngine(UnpooledByteBufAllocator.DEFAULT);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setUseCipherSuitesOrder(prefersOwnOrder);
        engine.setSSLParameters(parameters);
        return engine;
    }

    /** No engine is made any more; those that there are live on. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            var _ = ReferenceCountUtil.release(context);
        }
    }
}

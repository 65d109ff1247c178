package dev.cistern.control;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** The serving side of encryption for nodes that only pretend, with the files that a node is told. */
final class TestTls {

    /** By certificate and key: a node is connected to often, and the files seldom change. */
    private static final Map<String, SSLContext> CONTEXTS = new ConcurrentHashMap<>();

    private TestTls() {}

    static SSLContext context(Map<String, String> settings) throws IOException {
        byte[] chain = Files.readAllBytes(file(settings, "tls-cert-file"));
        String key = Files.readString(file(settings, "tls-key-file"), StandardCharsets.US_ASCII);
        String both = new String(chain, StandardCharsets.US_ASCII) + key;
        SSLContext context = CONTEXTS.get(both);
        if (context == null) {
            context = load(chain, key);
            CONTEXTS.put(both, context);
        }
        return context;
    }

    private static SSLContext load(byte[] certificates, String pem) throws IOException {
        try (InputStream in = new ByteArrayInputStream(certificates)) {
            Certificate[] chain = CertificateFactory.getInstance("X.509").generateCertificates(in)
                    .toArray(Certificate[]::new);
            byte[] key = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
            // The newer kind takes a hundred times longer to fill and to open.
            KeyStore keys = KeyStore.getInstance("JKS");
            keys.load(null, null);
            keys.setKeyEntry("node", KeyFactory.getInstance(chain[0].getPublicKey().getAlgorithm())
                    .generatePrivate(new PKCS8EncodedKeySpec(key)), new char[0], chain);
            KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(keys, new char[0]);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(managers.getKeyManagers(), null, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private static Path file(Map<String, String> settings, String name) {
        return Path.of(Objects.requireNonNull(settings.get(name), name));
    }
}

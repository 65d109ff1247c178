package dev.cistern.benchmarks.sidebyside;

import dev.cistern.control.certificate.CertificateAuthority;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * TLS for all servers of a comparison alike: one certificate, made for it, and nothing else of their own rules changed.
 *
 * @param authority    whom clients have to trust, PEM
 * @param certificate  what every server shows
 */
record Encryption(Path authority, Path certificate, Path key) {

    static Encryption madeIn(Path folder) throws IOException {
        CertificateAuthority made = CertificateAuthority.open(folder.resolve("authority"), Clock.systemUTC());
        Path node = folder.resolve("shown");
        made.issue(node, new TreeSet<>(List.of("127.0.0.1", "localhost")));
        return new Encryption(made.certificateFile(), node.resolve(CertificateAuthority.NODE_CERTIFICATE),
                node.resolve(CertificateAuthority.NODE_KEY));
    }

    /** The server's command line with TLS alone on its port; redis-server and our node have the same words for it. */
    List<String> server(List<String> commandLine) {
        List<String> words = new ArrayList<>(commandLine);
        int port = words.indexOf("--port") + 1;
        String wanted = words.set(port, "0");
        words.addAll(List.of("--tls-port", wanted, "--tls-cert-file", certificate.toString(), "--tls-key-file",
                key.toString(), "--tls-auth-clients", "no"));
        return words;
    }

    /** What redis-benchmark has to be told. */
    List<String> client() {
        return List.of("--tls", "--cacert", authority.toString());
    }

    Socket connect(int port) throws IOException {
        try (InputStream in = Files.newInputStream(authority)) {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            trusted.setCertificateEntry("authority",
                    CertificateFactory.getInstance("X.509").generateCertificate(in));
            TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers.getTrustManagers(), null);
            return context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
        } catch (GeneralSecurityException e) {
            throw new IOException("this JVM cannot encrypt: " + e.getMessage(), e);
        }
    }
}

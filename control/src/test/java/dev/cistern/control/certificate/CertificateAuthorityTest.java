package dev.cistern.control.certificate;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class CertificateAuthorityTest {
    private static final SortedSet<String> NAMES = new TreeSet<>(List.of("127.0.0.1", "::1", "localhost"));

    @TempDir
    private Path folder;

    private CertificateAuthority open(String name, Duration later) throws IOException {
        return CertificateAuthority.open(folder.resolve(name), Clock.offset(Clock.systemUTC(), later));
    }

    /** Has a good certificate of the authority's lie in the folder, as those do who run nodes; answers whether it is new. */
    private static boolean provide(CertificateAuthority authority, Path node, SortedSet<String> names)
            throws IOException {
        boolean isRight = authority.isRight(node, null, names);
        if (!isRight) {
            authority.put(node, null, names);
        }
        return !isRight;
    }

    private static X509Certificate[] chain(Path node) throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(node.resolve(CertificateAuthority.NODE_CERTIFICATE))) {
            return CertificateFactory.getInstance("X.509").generateCertificates(in).toArray(X509Certificate[]::new);
        }
    }

    private static X509TrustManager trust(CertificateAuthority authority) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("JKS");
        try (InputStream in = Files.newInputStream(authority.trustFile())) {
            store.load(in, CertificateAuthority.TRUST_PASSWORD.toCharArray());
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return (X509TrustManager) factory.getTrustManagers()[0];
    }

    @Test
    void whoTrustsTheAuthorityTrustsItsNodesAndNoOthers() throws IOException, GeneralSecurityException {
        CertificateAuthority ours = open("ours", Duration.ZERO);
        CertificateAuthority others = open("others", Duration.ZERO);
        assertThat(provide(ours, folder.resolve("node"), NAMES)).isTrue();
        X509Certificate[] chain = chain(folder.resolve("node"));
        assertThat(chain).hasSize(2);
        assertThat(chain[0].getSubjectAlternativeNames().stream().map(name -> name.get(1)).toList())
                .asString().contains("127.0.0.1", "localhost", "0:0:0:0:0:0:0:1");
        assertThat(chain[0].getBasicConstraints()).as("no authority itself").isEqualTo(-1);
        assertThatCode(() -> trust(ours).checkServerTrusted(chain, "ECDHE_ECDSA")).doesNotThrowAnyException();
        assertThatThrownBy(() -> trust(others).checkServerTrusted(chain, "ECDHE_ECDSA"))
                .isInstanceOf(java.security.cert.CertificateException.class);
    }

    @Test
    void aCertificateIsRenewedWhenItHasTo() throws IOException, GeneralSecurityException {
        Path node = folder.resolve("node");
        provide(open("ca", Duration.ZERO), node, NAMES);
        X509Certificate first = chain(node)[0];
        assertThat(provide(open("ca", Duration.ofDays(200)), node, NAMES)).as("much life left").isFalse();
        assertThat(chain(node)[0]).isEqualTo(first);
        assertThat(provide(open("ca", Duration.ofDays(250)), node, NAMES)).as("the last third").isTrue();
        assertThat(chain(node)[0]).isNotEqualTo(first);
        assertThat(provide(open("ca", Duration.ofDays(250)), node, new TreeSet<>(List.of("cache.internal"))))
                .as("another name").isTrue();
        SortedSet<String> names = new TreeSet<>(List.of("cache.internal"));
        provide(open("other", Duration.ZERO), folder.resolve("stranger"), names);
        Files.copy(folder.resolve("stranger").resolve(CertificateAuthority.NODE_KEY),
                node.resolve(CertificateAuthority.NODE_KEY), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThat(provide(open("ca", Duration.ofDays(250)), node, names)).as("a key that does not fit").isTrue();
        assertThat(provide(open("ca", Duration.ofDays(250)), node, names)).isFalse();
    }

    @Test
    void theAuthorityStaysTheSameAndItsFilesAreTheOwnersAlone() throws IOException {
        CertificateAuthority authority = open("ca", Duration.ZERO);
        byte[] before = Files.readAllBytes(authority.certificateFile());
        provide(authority, folder.resolve("node"), NAMES);
        assertThat(Files.readAllBytes(open("ca", Duration.ZERO).certificateFile())).isEqualTo(before);
        for (Path inside : List.of(folder.resolve("ca"), folder.resolve("node"))) {
            try (Stream<Path> files = Files.list(inside)) {
                assertThat(files.toList()).isNotEmpty().allSatisfy(file -> assertThat(
                        PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------"));
            }
        }
    }
}

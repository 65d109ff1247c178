package dev.cistern.app;

import dev.cistern.app.process.ProcessRuntime;
import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.control.certificate.CertificateAuthority;
import dev.cistern.gateway.GatewayOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.exceptions.JedisException;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.Endpoint;

import static org.assertj.core.api.Assertions.assertThat;

/** Certificates that an operator got elsewhere: shown by all nodes or by some, while clients go on. */
final class OwnCertificatesTest {

    @TempDir
    private Path folder;

    private Path state() {
        return folder.resolve("state");
    }

    /** Another authority's word for this machine, as two files. */
    private Path issue(String name) throws IOException {
        Path node = folder.resolve("files-of-" + name);
        CertificateAuthority.open(folder.resolve(name), Clock.systemUTC()).issue(node,
                new TreeSet<>(List.of("127.0.0.1", "localhost", name)));
        return node;
    }

    private String certificate(int exitCode, String... words) {
        StringWriter out = new StringWriter();
        List<String> line = new ArrayList<>(List.of("certificate"));
        line.addAll(List.of(words));
        line.addAll(List.of("--state-dir", state().toString()));
        assertThat(Cistern.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(out))
                .execute(line.toArray(String[]::new))).as(out.toString()).isEqualTo(exitCode);
        return out.toString();
    }

    private static String use(Path files) {
        return files.resolve(CertificateAuthority.NODE_CERTIFICATE) + "," + files.resolve(
                CertificateAuthority.NODE_KEY);
    }

    private Jedis connect(Endpoint endpoint, Path authority) {
        return new Jedis(new HostAndPort("127.0.0.1", endpoint.port()), DefaultJedisClientConfig.builder()
                .sslOptions(SslOptions.builder().truststore(authority.resolve("ca.jks").toFile(),
                        CertificateAuthority.TRUST_PASSWORD.toCharArray()).trustStoreType("JKS").build())
                .build());
    }

    /** Whether who trusts this authority, and no other, believes what the node shows. */
    private boolean isBelieved(Endpoint endpoint, Path authority) {
        try (Jedis jedis = connect(endpoint, authority)) {
            return jedis.ping().equals("PONG");
        } catch (JedisException refused) {
            assertThat(refused).hasRootCauseInstanceOf(GeneralSecurityException.class);
            return false;
        }
    }

    @ParameterizedTest
    @EnumSource(value = RuntimeChoice.class, names = {"JVM", "PROCESS"})
    void isShownByWhomItIsForWhileClientsGoOn(RuntimeChoice runtime) throws Exception {
        Path everybodys = folder.resolve("everybodys");
        Path shops = folder.resolve("shops");
        Path installation = state().resolve("certificates");
        String first = use(issue("everybodys"));
        String second = use(issue("shops"));
        try (LocalCistern cistern = LocalCistern.start(
                ControlPlaneOptions.of(state(), runtime.start()).withEndpoints(Probe.endpoints()),
                GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
                ElastiCacheClient client = Probe.sdk(cistern.url())) {
            client.createReplicationGroup(r -> r.replicationGroupId("shop").replicationGroupDescription("d")
                    .engine("valkey").cacheNodeType("cache.t4g.micro").transitEncryptionEnabled(true));
            Endpoint endpoint = Probe.awaitAvailable(client, "shop");
            assertThat(isBelieved(endpoint, installation)).isTrue();
            AtomicBoolean ends = new AtomicBoolean();
            AtomicInteger calls = new AtomicInteger();
            AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
            Thread load = load(endpoint, installation, ends, calls, failure);
            assertThat(certificate(ExitCode.OK, ("use," + first).split(","))).contains("all nodes", "everybodys");
            Probe.await(() -> isBelieved(endpoint, everybodys));
            assertThat(certificate(ExitCode.OK, ("use," + second + ",--for,shop").split(","))).contains("shop");
            Probe.await(() -> isBelieved(endpoint, shops));
            assertThat(isBelieved(endpoint, everybodys)).isFalse();
            assertThat(certificate(ExitCode.OK, "list").lines()).hasSize(2);
            cistern.controlPlane().rotateCertificates();
            assertThat(isBelieved(endpoint, shops)).isTrue();
            client.modifyReplicationGroup(r -> r.replicationGroupId("shop").applyImmediately(true)
                    .replicationGroupDescription("the control plane still reaches it"));
            certificate(ExitCode.OK, "drop", "--for", "shop");
            Probe.await(() -> isBelieved(endpoint, everybodys));
            certificate(ExitCode.OK, "drop");
            Probe.await(() -> isBelieved(endpoint, installation));
            ends.set(true);
            load.join();
            assertThat(failure.get()).as("after %d calls", calls.get()).isNull();
            System.out.println("calls while certificates changed: " + calls.get() + ", failed: 0");
            certificate(ExitCode.BAD_SYNTAX, "drop");
            client.deleteReplicationGroup(r -> r.replicationGroupId("shop"));
            Probe.await(() -> client.describeReplicationGroups().replicationGroups().isEmpty());
        } finally {
            ProcessRuntime.endAll(state().resolve("nodes"));
        }
    }

    /** One connection that lasts over all changes. */
    private Thread load(Endpoint endpoint, Path authority, AtomicBoolean ends, AtomicInteger calls,
            AtomicReference<@Nullable Throwable> failure) {
        return Thread.ofVirtual().start(() -> {
            try (Jedis lasting = connect(endpoint, authority)) {
                while (!ends.get()) {
                    lasting.incr("calls");
                    calls.incrementAndGet();
                }
            } catch (RuntimeException e) {
                failure.set(e);
            }
        });
    }

    @Test
    void whatIsNoPairIsRefusedInWords() throws IOException {
        Path one = issue("one");
        Path two = issue("two");
        String chain = one.resolve(CertificateAuthority.NODE_CERTIFICATE).toString();
        assertThat(certificate(ExitCode.BAD_SYNTAX, "use", chain,
                two.resolve(CertificateAuthority.NODE_KEY).toString()))
                .contains("is not that of the first certificate");
        assertThat(certificate(ExitCode.BAD_SYNTAX, "use", chain, chain)).contains("no private key");
        assertThat(certificate(ExitCode.BAD_SYNTAX, "use", one.resolve(CertificateAuthority.NODE_KEY).toString(),
                chain)).isNotEmpty();
        assertThat(certificate(ExitCode.BAD_SYNTAX, "use", chain,
                one.resolve(CertificateAuthority.NODE_KEY).toString(), "--for", "../x")).contains("is no id");
        assertThat(certificate(ExitCode.BAD_ENVIRONMENT, "use", chain, folder.resolve("none").toString()))
                .contains("cannot use");
        assertThat(certificate(ExitCode.OK, "list")).contains("There are none");
    }

    /** A key of the other kind, in the other form that OpenSSL writes. */
    @Test
    void anRsaKeyOfOpensslIsTaken() throws Exception {
        org.junit.jupiter.api.Assumptions.assumeTrue(Programs.works("openssl", "version"), "openssl is not installed");
        Path key = folder.resolve("rsa.key");
        Path chain = folder.resolve("rsa.crt");
        Programs.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key.toString(), "-out",
                chain.toString(), "-days", "2", "-subj", "/CN=rsa", "-addext", "subjectAltName=DNS:rsa.example");
        Path old = folder.resolve("old.key");
        Programs.run("openssl", "rsa", "-in", key.toString(), "-out", old.toString(), "-traditional");
        assertThat(certificate(ExitCode.OK, "use", chain.toString(), old.toString())).contains("rsa.example");
        Path shown = state().resolve("certificates/own/tls.crt");
        try (InputStream in = Files.newInputStream(shown)) {
            assertThat(((X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in))
                    .getSubjectX500Principal().getName()).isEqualTo("CN=rsa");
        }
        assertThat(Files.getPosixFilePermissions(state().resolve("certificates/own/tls.key"))).hasSize(2);
    }
}

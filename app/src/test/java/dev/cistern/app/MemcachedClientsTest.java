package dev.cistern.app;

import dev.cistern.gateway.GatewayOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import net.rubyeye.xmemcached.autodiscovery.AutoDiscoveryCacheClient;
import net.spy.memcached.ClientMode;
import net.spy.memcached.ConnectionFactoryBuilder;
import net.spy.memcached.DefaultConnectionFactory;
import net.spy.memcached.MemcachedClient;
import net.spy.memcached.config.NodeEndPoint;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.CreateCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.ParameterNameValue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Memcached clusters as their clients see them: AWS's own client and others follow nodes that come and go. */
final class MemcachedClientsTest {

    private static final long POLL_MILLIS = 200;
    private static final int KEYS = 200;

    @TempDir
    private Path state;

    private LocalCistern cistern;
    private ElastiCacheClient aws;

    @BeforeEach
    void start() throws IOException {
        cistern = LocalCistern.start(state, Probe.endpoints(), GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
        aws = Probe.sdk(cistern.url());
    }

    @AfterEach
    void end() {
        aws.close();
        cistern.close();
    }

    @Test
    void theClientOfAwsFollowsFromTwoToFourToThreeNodes() throws Exception {
        CacheCluster two = create(r -> r.numCacheNodes(2));
        MemcachedClient client = new MemcachedClient(new FastPolling(), List.of(address(two.configurationEndpoint())));
        try {
            Probe.await(() -> ports(client).equals(ports(two)));
            storeAndRead(client);
            resize(4, List.of());
            CacheCluster four = cluster();
            assertThat(ports(four)).hasSize(4).containsAll(ports(two));
            Probe.await(() -> ports(client).equals(ports(four)));
            storeAndRead(client);
            assertThat(four.cacheNodes()).as("every node has some of the keys")
                    .allSatisfy(node -> assertThat(ask(node.endpoint(), "stats")).anyMatch(
                            line -> line.matches("STAT curr_items [1-9]\\d*")));
            resize(3, List.of("0002"));
            CacheCluster three = cluster();
            assertThat(ports(three)).hasSize(3);
            Probe.await(() -> ports(client).equals(ports(three)));
            storeAndRead(client);
            assertThat(three.configurationEndpoint()).isEqualTo(two.configurationEndpoint());
        } finally {
            client.shutdown();
        }
    }

    @Test
    void xmemcachedFollowsToo() throws Exception {
        CacheCluster one = create(r -> r.numCacheNodes(1));
        AutoDiscoveryCacheClient client = new AutoDiscoveryCacheClient(address(one.configurationEndpoint()),
                POLL_MILLIS);
        try {
            assertThat(client.set("a", 0, "one")).isTrue();
            assertThat(client.<String>get("a")).isEqualTo("one");
            resize(3, List.of());
            Probe.await(() -> client.getCurrentConfig().getNodeList().size() == 3);
            for (int i = 0; i < KEYS; i++) {
                assertThat(client.set("key" + i, 0, "value" + i)).isTrue();
                assertThat(client.<String>get("key" + i)).isEqualTo("value" + i);
            }
        } finally {
            client.shutdown();
        }
    }

    @Test
    void customersReadTheListAndDoNotWriteIt() throws Exception {
        CacheCluster cluster = create(r -> r.numCacheNodes(2));
        List<String> list = ask(cluster.configurationEndpoint(), "config get cluster");
        String nodes = cluster.cacheNodes().stream().map(node -> "127.0.0.1|127.0.0.1|" + node.endpoint().port())
                .collect(Collectors.joining(" "));
        assertThat(list).containsExactly("CONFIG cluster 0 " + (nodes.length() + 3), "1", nodes, "");
        Endpoint node = cluster.cacheNodes().getFirst().endpoint();
        assertThat(ask(node, "config set cluster 0 1\r\nx", "config delete cluster", "lru_crawler enable", "slabs "
                + "automove 1")).containsExactly("ERROR", "ERROR", "ERROR", "ERROR");
        assertThat(ask(node, "config get cluster")).isEqualTo(list);
    }

    @Test
    void parametersReachTheNodes() throws Exception {
        aws.createCacheParameterGroup(r -> r.cacheParameterGroupName("mine").description("mine")
                .cacheParameterGroupFamily("memcached1.6"));
        aws.modifyCacheParameterGroup(r -> r.cacheParameterGroupName("mine").parameterNameValues(
                value("disable_flush_all", "1"), value("max_item_size", "2097152")));
        Endpoint node = create(r -> r.numCacheNodes(1).cacheParameterGroupName("mine").engineVersion("1.6.12"))
                .cacheNodes().getFirst().endpoint();
        assertThat(ask(node, "version", "flush_all", "lru_crawler enable")).containsExactly("VERSION 1.6.12",
                "CLIENT_ERROR flush_all not allowed", "OK");
        assertThat(ask(node, "stats settings")).contains("STAT item_size_max 2097152",
                "STAT maxbytes " + (412L << 20), "STAT num_threads 2");
        aws.modifyCacheParameterGroup(r -> r.cacheParameterGroupName("mine").parameterNameValues(
                value("disable_flush_all", "0"), value("watch", "0")));
        Probe.await(() -> ask(node, "watch fetchers").equals(List.of("CLIENT_ERROR watch commands not allowed")));
        assertThat(ask(node, "flush_all")).as("needs a reboot").containsExactly("CLIENT_ERROR flush_all not allowed");
        aws.rebootCacheCluster(r -> r.cacheClusterId("mem").cacheNodeIdsToReboot("0001"));
        Probe.await(() -> cluster().cacheClusterStatus().equals("available"));
        assertThat(ask(node, "flush_all")).containsExactly("OK");
    }

    @Test
    void anEncryptedCluster() throws Exception {
        CacheCluster cluster = create(r -> r.numCacheNodes(2).transitEncryptionEnabled(true));
        assertThat(cluster.transitEncryptionEnabled()).isTrue();
        SSLContext trusting = trusting();
        MemcachedClient client = new MemcachedClient(new ConnectionFactoryBuilder().setClientMode(ClientMode.Dynamic)
                .setSSLContext(trusting).setHostnameForTlsVerification("localhost").build(),
                List.of(address(cluster.configurationEndpoint())));
        try {
            Probe.await(() -> ports(client).equals(ports(cluster)));
            storeAndRead(client);
        } finally {
            client.shutdown();
        }
        Endpoint node = cluster.cacheNodes().getFirst().endpoint();
        BigInteger before = serialNumber(trusting, node);
        cistern.controlPlane().rotateCertificates();
        assertThat(serialNumber(trusting, node)).isNotEqualTo(before);
        assertThat(answersPlain(node)).as("plain connections are not taken").isFalse();
        end();
        start();
        Probe.await(() -> cluster().cacheNodes().stream().allMatch(
                one -> one.cacheNodeStatus().equals("available")));
        assertThat(serialNumber(trusting, node)).as("encrypted after a restart too").isPositive();
    }

    private static boolean answersPlain(Endpoint node) {
        try {
            return ask(node, "version").stream().anyMatch(line -> line.startsWith("VERSION"));
        } catch (IOException e) {
            return false;
        }
    }

    private SSLContext trusting() throws Exception {
        KeyStore authorities = KeyStore.getInstance(state.resolve("certificates").resolve("ca.jks").toFile(),
                "cistern".toCharArray());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(authorities);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /** Of the certificate that the node shows to a client that checks its name. */
    private static BigInteger serialNumber(SSLContext context, Endpoint node) throws IOException {
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(node.address(), node.port())) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
        }
    }

    @Test
    void aNewVersionHasNewCommands() throws Exception {
        CacheCluster cluster = create(r -> r.numCacheNodes(1).engineVersion("1.4.34"));
        Endpoint node = cluster.cacheNodes().getFirst().endpoint();
        assertThat(ask(node, "version", "mn", "gat 10 a", "touch a 1", "set a 0 0 1\r\nx")).containsExactly(
                "VERSION 1.4.34", "ERROR", "ERROR", "NOT_FOUND", "STORED");
        aws.modifyCacheCluster(r -> r.cacheClusterId("mem").engineVersion("1.6.22").applyImmediately(true));
        Probe.await(() -> cluster().cacheClusterStatus().equals("available"));
        assertThat(cluster().engineVersion()).isEqualTo("1.6.22");
        assertThat(cluster().cacheNodes().getFirst().endpoint()).isEqualTo(node);
        assertThat(ask(node, "version", "get a", "mn")).containsExactly("VERSION 1.6.22", "MN");
    }

    @Test
    void theToolsOfLibmemcached() throws Exception {
        assumeTrue(Programs.works("memccapable", "-V"), "libmemcached-tools is not installed");
        CacheCluster cluster = create(r -> r.numCacheNodes(2));
        Endpoint endpoint = cluster.cacheNodes().getFirst().endpoint();
        String port = endpoint.port().toString();
        assertThat(Programs.run("memccapable", "-h", endpoint.address(), "-p", port, "-a"))
                .contains("All tests passed");
        assertThat(Programs.run("memccapable", "-h", endpoint.address(), "-p", port, "-b"))
                .contains("All tests passed");
        String servers = "--servers=" + cluster.cacheNodes().stream()
                .map(node -> node.endpoint().address() + ":" + node.endpoint().port())
                .collect(Collectors.joining(","));
        assertThat(Programs.run("memcping", servers)).isEmpty();
        assertThat(Programs.run("memcstat", servers)).contains("curr_items");
    }

    private static ParameterNameValue value(String parameter, String text) {
        return ParameterNameValue.builder().parameterName(parameter).parameterValue(text).build();
    }

    private CacheCluster create(Consumer<CreateCacheClusterRequest.Builder> wish) {
        aws.createCacheCluster(r -> wish.accept(r.cacheClusterId("mem").engine("memcached")
                .cacheNodeType("cache.t3.micro")));
        Probe.await(() -> cluster().cacheClusterStatus().equals("available"));
        return cluster();
    }

    private void resize(int nodes, List<String> leaving) {
        aws.modifyCacheCluster(r -> r.cacheClusterId("mem").numCacheNodes(nodes).cacheNodeIdsToRemove(leaving)
                .applyImmediately(true));
        Probe.await(() -> cluster().cacheClusterStatus().equals("available"));
    }

    private CacheCluster cluster() {
        return aws.describeCacheClusters(r -> r.cacheClusterId("mem").showCacheNodeInfo(true)).cacheClusters()
                .getFirst();
    }

    private static void storeAndRead(MemcachedClient client) throws Exception {
        for (int i = 0; i < KEYS; i++) {
            String value = "value" + i;
            String key = "key" + i;
            assertThat(client.set(key, 0, value).get()).isTrue();
            assertThat(client.get(key)).isEqualTo(value);
        }
    }

    private static Set<Integer> ports(MemcachedClient client) {
        return client.getAvailableNodeEndPoints().stream().map(NodeEndPoint::getPort)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<Integer> ports(CacheCluster cluster) {
        return cluster.cacheNodes().stream().map(node -> node.endpoint().port())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static InetSocketAddress address(Endpoint endpoint) {
        return new InetSocketAddress(endpoint.address(), endpoint.port());
    }

    /** What the node answers to these lines, but for a line of END alone. */
    private static List<String> ask(Endpoint node, String... lines) throws IOException {
        try (Socket socket = new Socket(node.address(), node.port())) {
            String text = String.join("\r\n", lines) + "\r\nquit\r\n";
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
            BufferedReader in = new BufferedReader(
                    new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            List<String> answers = new ArrayList<>(in.readAllLines());
            answers.remove("END");
            return answers;
        }
    }

    /** The client as it comes, but that it looks for news more often than once a minute. */
    private static final class FastPolling extends DefaultConnectionFactory {

        FastPolling() {
            super(ClientMode.Dynamic);
        }

        @Override
        public long getDynamicModePollingInterval() {
            return POLL_MILLIS;
        }
    }
}

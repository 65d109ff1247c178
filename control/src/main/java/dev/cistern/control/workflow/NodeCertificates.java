package dev.cistern.control.workflow;

import dev.cistern.control.EndpointOptions;
import dev.cistern.control.certificate.CertificateAuthority;
import dev.cistern.control.certificate.OwnCertificates;
import dev.cistern.control.node.NodeTrust;
import dev.cistern.control.resource.TransitEncryption.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What nodes need to encrypt their connections: a certificate for their names, and the settings that say so. */
public final class NodeCertificates {

    /** Settings that a node has only when it speaks TLS. */
    static final String SWITCH = "tls-port";
    static final String MEMCACHED_SWITCH = "enable_ssl";

    /** Whether a node calls its primary, and those that it gives slots to, over TLS. */
    private static final List<String> BETWEEN_NODES = List.of("tls-replication", "tls-cluster");

    /** Of a node that has not been told of its newest certificate: the one that it shows until then. */
    private static final String SHOWN = CertificateAuthority.NODE_CERTIFICATE + ".shown";

    private final CertificateAuthority authority;
    private final OwnCertificates own;
    private final EndpointOptions endpoints;
    private final Path nodes;
    private final NodeTrust trust;

    /** {@code nodes} is the folder in which each node has one. */
    public NodeCertificates(CertificateAuthority authority, OwnCertificates own, EndpointOptions endpoints,
            Path nodes) {
        this.authority = authority;
        this.own = own;
        this.endpoints = endpoints;
        this.nodes = nodes;
        this.trust = new NodeTrust(authority.nodesTrustFile(), CertificateAuthority.TRUST_PASSWORD);
        trustAll();
    }

    /** Whom the control plane trusts when it talks to a node: also who shows just the certificate that it was given. */
    NodeTrust trust() {
        return trust;
    }

    /** Equal as long as the operator has the nodes show the same certificates. */
    Object wishes() {
        return own.state();
    }

    private synchronized void trustAll() {
        try {
            List<Path> shown = new ArrayList<>();
            if (Files.isDirectory(nodes)) {
                try (Stream<Path> folders = Files.list(nodes)) {
                    folders.forEach(folder -> {
                        shown.add(folder.resolve(CertificateAuthority.NODE_CERTIFICATE));
                        shown.add(folder.resolve(SHOWN));
                    });
                }
            }
            authority.trust(own.all().values(), shown);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /** What a node on this port is told, by the engine's names and in one call: half of it would be refused. */
    Map<String, String> settings(Path nodeFolder, int port, Mode mode) {
        Map<String, String> settings = new LinkedHashMap<>();
        String number = Integer.toString(port);
        BETWEEN_NODES.forEach(setting -> settings.put(setting, mode == Mode.DISABLED ? "no" : "yes"));
        if (mode == Mode.DISABLED) {
            settings.put(SWITCH, "0");
            settings.put("port", number);
            return settings;
        }
        settings.putAll(files(nodeFolder));
        settings.put("tls-auth-clients", "no");
        settings.put(SWITCH, number);
        settings.put("port", mode == Mode.PREFERRED ? number : "0");
        return settings;
    }

    /** What a Memcached node is told, which speaks TLS and nothing else on all its ports. */
    static Map<String, String> memcachedSettings(Path nodeFolder) {
        return Map.of(MEMCACHED_SWITCH, "1", "ssl_chain_cert",
                nodeFolder.resolve(CertificateAuthority.NODE_CERTIFICATE).toString(), "ssl_key",
                nodeFolder.resolve(CertificateAuthority.NODE_KEY).toString());
    }

    /** Nodes trust one another by what the control plane trusts. */
    Map<String, String> files(Path nodeFolder) {
        return Map.of("tls-ca-cert-file", authority.nodesFile().toString(), "tls-cert-file",
                nodeFolder.resolve(CertificateAuthority.NODE_CERTIFICATE).toString(),
                "tls-key-file", nodeFolder.resolve(CertificateAuthority.NODE_KEY).toString());
    }

    /**
     * Has a certificate lie in the node's folder that is good for a while; answers whether it is one that the node has not
     * been told of.
     *
     * @param owner   its replication group or cluster, for which the operator may have a certificate
     * @param others  names of the node's own, beside those that all nodes here have
     */
    boolean provide(Path nodeFolder, String owner, String bindAddress, List<String> others) {
        SortedSet<String> names = names(bindAddress, others);
        if (!authority.isRight(nodeFolder, own.of(owner), names)) {
            put(nodeFolder, owner, names);
        }
        return Files.exists(nodeFolder.resolve(SHOWN));
    }

    /** Puts a new certificate into the node's folder, or again that of the operator. */
    void replace(Path nodeFolder, String owner, String bindAddress, List<String> others) {
        put(nodeFolder, owner, names(bindAddress, others));
    }

    private void put(Path nodeFolder, String owner, SortedSet<String> names) {
        try {
            Path before = nodeFolder.resolve(CertificateAuthority.NODE_CERTIFICATE);
            Path shown = nodeFolder.resolve(SHOWN);
            if (Files.exists(before) && !Files.exists(shown)) {
                Files.copy(before, shown, StandardCopyOption.COPY_ATTRIBUTES);
            }
            authority.put(nodeFolder, own.of(owner), names);
            trustAll();
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /** The node shows what lies in its folder. */
    void isShown(Path nodeFolder) {
        try {
            if (Files.deleteIfExists(nodeFolder.resolve(SHOWN))) {
                trustAll();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /** By all names that lead to a node from where its clients may be. */
    private SortedSet<String> names(String bindAddress, List<String> others) {
        SortedSet<String> names = new TreeSet<>(others);
        names.add("localhost");
        names.add("127.0.0.1");
        names.add(endpoints.advertisedAddress());
        if (!bindAddress.equals("0.0.0.0") && !bindAddress.equals("::")) {
            names.add(bindAddress);
        }
        return names;
    }
}

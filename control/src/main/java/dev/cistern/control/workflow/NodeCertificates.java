package dev.cistern.control.workflow;

import dev.cistern.control.EndpointOptions;
import dev.cistern.control.certificate.CertificateAuthority;
import dev.cistern.control.node.NodeTrust;
import dev.cistern.control.resource.TransitEncryption.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** What nodes need to encrypt their connections: a certificate for their names, and the settings that say so. */
public final class NodeCertificates {

    /** Settings that a node has only when it speaks TLS. */
    static final String SWITCH = "tls-port";
    static final String MEMCACHED_SWITCH = "enable_ssl";

    private final CertificateAuthority authority;
    private final EndpointOptions endpoints;

    public NodeCertificates(CertificateAuthority authority, EndpointOptions endpoints) {
        this.authority = authority;
        this.endpoints = endpoints;
    }

    /** Whom the control plane trusts when it talks to a node. */
    NodeTrust trust() {
        return new NodeTrust(authority.trustFile(), CertificateAuthority.TRUST_PASSWORD);
    }

    /** What a node on this port is told, by the engine's names and in one call: half of it would be refused. */
    Map<String, String> settings(Path nodeFolder, int port, Mode mode) {
        Map<String, String> settings = new LinkedHashMap<>();
        String number = Integer.toString(port);
        if (mode == Mode.DISABLED) {
            settings.put(SWITCH, "0");
            settings.put("port", number);
            return settings;
        }
        settings.putAll(files(nodeFolder));
        settings.put("tls-ca-cert-file", authority.certificateFile().toString());
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

    static Map<String, String> files(Path nodeFolder) {
        return Map.of("tls-cert-file", nodeFolder.resolve(CertificateAuthority.NODE_CERTIFICATE).toString(),
                "tls-key-file", nodeFolder.resolve(CertificateAuthority.NODE_KEY).toString());
    }

    /**
     * Has a certificate lie in the node's folder that is good for a while; answers whether it is a new one.
     *
     * @param others  names of the node's own, beside those that all nodes here have
     */
    boolean provide(Path nodeFolder, String bindAddress, List<String> others) {
        try {
            return authority.provide(nodeFolder, names(bindAddress, others));
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /** Puts a new certificate into the node's folder. */
    void replace(Path nodeFolder, String bindAddress, List<String> others) {
        try {
            authority.issue(nodeFolder, names(bindAddress, others));
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

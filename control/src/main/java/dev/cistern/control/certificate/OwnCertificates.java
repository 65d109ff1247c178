package dev.cistern.control.certificate;

import dev.cistern.control.state.StateDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificates that an operator has from elsewhere and wants nodes to show: one for all nodes, or for those of one
 * replication group or cluster, which counts more.
 *
 * <p>A folder of files that may change at any time, like the access keys: a command puts them there, and a running control
 * plane sees it. Any thread, any process.
 *
 * <pre>
 *   own/tls.crt, own/tls.key                        for all
 *   own/groups/ID/tls.crt, own/groups/ID/tls.key    for one
 * </pre>
 */
public final class OwnCertificates {

    /** Stands for all nodes where an id is asked for. */
    public static final String ALL = "";

    private static final Logger log = LoggerFactory.getLogger(OwnCertificates.class);
    private static final String CERTIFICATE = "tls.crt";
    private static final String KEY = "tls.key";
    private static final String GROUPS = "groups";

    private final Path folder;

    /** Those that lie in the folder of certificates of a state directory. */
    public OwnCertificates(Path certificates) {
        this.folder = certificates.resolve("own");
    }

    /** What stands in a pair of files, ready for a node. The text form hides the key. */
    public record Pair(String chain, String key) {

        @Override
        public String toString() {
            return chain;
        }
    }

    private Path folderOf(String id) {
        if (id.equals(ALL)) {
            return folder;
        }
        if (!id.matches("[a-z][a-z0-9-]*")) {
            throw new IllegalArgumentException("'" + id + "' is no id of a replication group or cluster");
        }
        return folder.resolve(GROUPS).resolve(id);
    }

    /**
     * Has nodes show this certificate; answers it.
     *
     * @param id  of a replication group or cluster, or {@link #ALL}
     * @throws IllegalArgumentException when it is not what it should be; the message says why, and no secret
     */
    public X509Certificate put(String id, Path chain, Path key) throws IOException {
        Path place = folderOf(id);
        try {
            List<X509Certificate> certificates = readChain(chain);
            PrivateKey secret = readKey(key);
            if (!fits(secret, certificates.getFirst())) {
                throw new IllegalArgumentException("the key in " + key + " is not that of the first certificate in "
                        + chain);
            }
            StateDirectory.createPrivate(folder);
            StateDirectory.createPrivate(place.equals(folder) ? folder : folder.resolve(GROUPS));
            StateDirectory.createPrivate(place);
            // The certificate last: whoever looks in between finds the old pair, or one that does not fit and waits.
            PemFiles.writeKey(place.resolve(KEY), secret);
            PemFiles.writeCertificates(place.resolve(CERTIFICATE), certificates);
            return certificates.getFirst();
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException(chain + " or " + key + " cannot be used: " + e.getMessage(), e);
        }
    }

    /** Has nodes show the installation's own certificates again; whether there was another one. */
    public boolean drop(String id) throws IOException {
        Path place = folderOf(id);
        boolean was = Files.deleteIfExists(place.resolve(CERTIFICATE));
        Files.deleteIfExists(place.resolve(KEY));
        return was;
    }

    /** The certificates that are there, by whose they are. */
    public Map<String, X509Certificate> all() throws IOException {
        Map<String, X509Certificate> all = new TreeMap<>();
        for (String id : ids()) {
            try {
                all.put(id, readChain(folderOf(id).resolve(CERTIFICATE)).getFirst());
            } catch (GeneralSecurityException | IllegalArgumentException e) {
                log.error("the certificate in {} cannot be used: {}", folderOf(id), e.getMessage());
            }
        }
        return all;
    }

    private List<String> ids() throws IOException {
        List<String> ids = new ArrayList<>();
        if (Files.exists(folder.resolve(CERTIFICATE))) {
            ids.add(ALL);
        }
        try (Stream<Path> groups = Files.list(folder.resolve(GROUPS))) {
            groups.filter(group -> Files.exists(group.resolve(CERTIFICATE)))
                    .forEach(group -> ids.add(String.valueOf(group.getFileName())));
        } catch (NoSuchFileException none) {
            // Nobody has one of its own.
        }
        return ids;
    }

    /** Equal as long as nothing changes. */
    public Object state() {
        List<Object> state = new ArrayList<>();
        try {
            for (String id : ids()) {
                state.add(id);
                state.add(Files.getLastModifiedTime(folderOf(id).resolve(CERTIFICATE)));
            }
        } catch (IOException e) {
            state.add(e.toString());
        }
        return state;
    }

    /** What nodes of that group or cluster are to show; null when that is what our authority issues. */
    public @Nullable Pair of(String id) {
        Pair own = filesIn(folderOf(id));
        return own == null ? filesIn(folder) : own;
    }

    private static @Nullable Pair filesIn(Path place) {
        try {
            String chain = Files.readString(place.resolve(CERTIFICATE));
            String key = Files.readString(place.resolve(KEY));
            if (!fits(readKey(place.resolve(KEY)), readChain(place.resolve(CERTIFICATE)).getFirst())) {
                throw new IllegalArgumentException("key and certificate do not belong together");
            }
            return new Pair(chain, key);
        } catch (NoSuchFileException none) {
            return null;
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            log.error("the certificate in {} cannot be used, nodes have one of ours: {}", place, e.getMessage());
            return null;
        }
    }

    static List<X509Certificate> readChain(Path file) throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(file)) {
            List<X509Certificate> chain = CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                    .map(X509Certificate.class::cast).toList();
            if (chain.isEmpty()) {
                throw new IllegalArgumentException("there is no certificate in " + file);
            }
            return chain;
        }
    }

    private static PrivateKey readKey(Path file) throws IOException {
        try (Reader reader = Files.newBufferedReader(file); PEMParser parser = new PEMParser(reader)) {
            JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
            for (Object next = parser.readObject(); next != null; next = parser.readObject()) {
                if (next instanceof PrivateKeyInfo info) {
                    return converter.getPrivateKey(info);
                }
                if (next instanceof PEMKeyPair pair) {
                    return converter.getPrivateKey(pair.getPrivateKeyInfo());
                }
            }
        }
        throw new IllegalArgumentException("there is no private key without a passphrase in " + file);
    }

    /** Whether what the one signs is what the other vouches for. */
    private static boolean fits(PrivateKey key, X509Certificate certificate) throws GeneralSecurityException {
        if (!key.getAlgorithm().equals(certificate.getPublicKey().getAlgorithm())) {
            return false;
        }
        String name = switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> key.getAlgorithm();
        };
        byte[] text = certificate.getSerialNumber().toByteArray();
        Signature signer = Signature.getInstance(name);
        signer.initSign(key);
        signer.update(text);
        Signature checker = Signature.getInstance(name);
        checker.initVerify(certificate.getPublicKey());
        checker.update(text);
        return checker.verify(signer.sign());
    }
}

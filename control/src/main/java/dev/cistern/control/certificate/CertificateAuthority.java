package dev.cistern.control.certificate;

import dev.cistern.control.state.StateDirectory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * The authority of one installation: made at its first start, and the issuer of every node's certificate since.
 *
 * <p>It is no public authority: clients have to be told to trust {@link #certificateFile}. Its key never leaves its file,
 * which is the owner's alone; nodes get keys of their own.
 */
public final class CertificateAuthority {
    /** The names of a node's two files, in its folder. */
    public static final String NODE_CERTIFICATE = "node.crt";
    public static final String NODE_KEY = "node.key";

    /** What opens the file of trusted certificates, which hold nothing secret; Java's clients want a word. */
    public static final String TRUST_PASSWORD = "cistern";

    private static final String TRUST_KIND = "JKS";
    private static final Duration OWN_LIFE = Duration.ofDays(3650);
    private static final Duration NODE_LIFE = Duration.ofDays(365);
    /** A clock that is a little behind ours still finds a new certificate valid. */
    private static final Duration BACKDATED = Duration.ofHours(1);
    private static final String CURVE = "secp256r1";
    private static final String SIGNATURE = "SHA256withECDSA";
    private static final int SERIAL_BITS = 120;

    private final Path folder;
    private final Clock clock;
    private final SecureRandom random = new SecureRandom();
    private final X509Certificate certificate;
    private final PrivateKey key;

    private CertificateAuthority(Path folder, Clock clock) throws IOException, GeneralSecurityException {
        this.folder = folder;
        this.clock = clock;
        if (!Files.exists(certificateFile())) {
            found();
        }
        this.certificate = PemFiles.readCertificate(certificateFile());
        this.key = PemFiles.readKey(folder.resolve("ca.key"));
        if (!Files.exists(trustFile())) {
            writeTrustFile(trustFile(), Set.of());
        }
    }

    /** The authority whose files lie in this folder; a new one if none do. */
    public static CertificateAuthority open(Path folder, Clock clock) throws IOException {
        StateDirectory.createPrivate(folder);
        try {
            return new CertificateAuthority(folder, clock);
        } catch (GeneralSecurityException e) {
            throw new IOException("the certificate authority in " + folder + " cannot be used: " + e.getMessage(), e);
        }
    }

    /** What clients have to trust, PEM. */
    public Path certificateFile() {
        return folder.resolve("ca.crt");
    }

    /** The same for Java's clients, a file of the kind JKS: the newer kind takes a hundred times longer to open. */
    public Path trustFile() {
        return folder.resolve("ca.jks");
    }

    private void found() throws IOException, GeneralSecurityException {
        KeyPair pair = newKeyPair();
        X500Principal name = new X500Principal("CN=Cistern " + serial().toString(36) + ", O=Cistern");
        JcaX509v3CertificateBuilder builder = builder(name, name, pair, OWN_LIFE);
        X509Certificate own = sign(builder, pair.getPrivate(), authority -> authority
                .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
                .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
                .addExtension(Extension.subjectKeyIdentifier, false,
                        new JcaX509ExtensionUtils().createSubjectKeyIdentifier(pair.getPublic())));
        PemFiles.writeKey(folder.resolve("ca.key"), pair.getPrivate());
        Files.deleteIfExists(trustFile());
        PemFiles.writeCertificates(certificateFile(), List.of(own));
    }

    private void writeTrustFile(Path file, Set<X509Certificate> others) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(TRUST_KIND);
        store.load(null, null);
        store.setCertificateEntry("cistern", certificate);
        int number = 0;
        for (X509Certificate other : others) {
            number++;
            store.setCertificateEntry("own" + number, other);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        store.store(bytes, TRUST_PASSWORD.toCharArray());
        PemFiles.write(file, bytes.toByteArray());
    }

    /** Whether what lies in the folder is what should: the operator's own, or else one of ours that is good for a while. */
    public boolean isRight(Path nodeFolder, OwnCertificates.@Nullable Pair own, SortedSet<String> names) {
        if (own == null) {
            return isGood(nodeFolder, names);
        }
        try {
            return own.chain().equals(Files.readString(nodeFolder.resolve(NODE_CERTIFICATE)))
                    && own.key().equals(Files.readString(nodeFolder.resolve(NODE_KEY)));
        } catch (IOException absent) {
            return false;
        }
    }

    /** Puts the operator's own into the folder, or else a new one of ours. */
    public void put(Path nodeFolder, OwnCertificates.@Nullable Pair own, SortedSet<String> names) throws IOException {
        if (own == null) {
            issue(nodeFolder, names);
            return;
        }
        StateDirectory.createPrivate(nodeFolder);
        PemFiles.write(nodeFolder.resolve(NODE_KEY), own.key().getBytes(StandardCharsets.US_ASCII));
        PemFiles.write(nodeFolder.resolve(NODE_CERTIFICATE), own.chain().getBytes(StandardCharsets.US_ASCII));
    }

    /** What the control plane trusts when it talks to nodes, of the kind JKS. */
    public Path nodesTrustFile() {
        return folder.resolve("nodes.jks");
    }

    /** The same, PEM: what nodes trust when they talk to nodes. */
    public Path nodesFile() {
        return folder.resolve("nodes.crt");
    }

    /** Has those be this authority, and of what others have issued just these and those in the files, where there are such. */
    public void trust(Collection<X509Certificate> own, List<Path> files) throws IOException {
        Set<X509Certificate> others = new LinkedHashSet<>(own);
        try {
            for (Path file : files) {
                if (Files.exists(file)) {
                    others.add(PemFiles.readCertificate(file));
                }
            }
            others.removeIf(this::isOurs);
            writeTrustFile(nodesTrustFile(), others);
            PemFiles.writeCertificates(nodesFile(), Stream.concat(Stream.of(certificate), others.stream()).toList());
        } catch (GeneralSecurityException e) {
            throw new IOException("it cannot be written down whom to trust: " + e.getMessage(), e);
        }
    }

    private boolean isOurs(X509Certificate issued) {
        try {
            issued.verify(certificate.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /** Puts a new certificate for these names, with a new key, into the folder. */
    public void issue(Path nodeFolder, SortedSet<String> names) throws IOException {
        StateDirectory.createPrivate(nodeFolder);
        try {
            KeyPair pair = newKeyPair();
            X500Principal subject = new X500Principal("CN=" + names.first().replaceAll("[^A-Za-z0-9.:-]", ""));
            JcaX509v3CertificateBuilder builder = builder(certificate.getSubjectX500Principal(), subject, pair,
                    NODE_LIFE);
            GeneralNames alternatives = new GeneralNames(
                    names.stream().map(CertificateAuthority::generalName).toArray(GeneralName[]::new));
            X509Certificate issued = sign(builder, key, node -> node
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                    .addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(
                            new KeyPurposeId[]{KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}))
                    .addExtension(Extension.authorityKeyIdentifier, false,
                            new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(certificate))
                    .addExtension(Extension.subjectAlternativeName, false, alternatives));
            PemFiles.writeKey(nodeFolder.resolve(NODE_KEY), pair.getPrivate());
            PemFiles.writeCertificates(nodeFolder.resolve(NODE_CERTIFICATE), List.of(issued, certificate));
        } catch (GeneralSecurityException e) {
            throw new IOException("no certificate can be issued: " + e.getMessage(), e);
        }
    }

    private static GeneralName generalName(String name) {
        boolean isAddress = name.indexOf(':') >= 0 || name.matches("[0-9.]+");
        return new GeneralName(isAddress ? GeneralName.iPAddress : GeneralName.dNSName, name);
    }

    /** Whether what lies there is ours, fits together, is for these names, and has a third of its life left. */
    private boolean isGood(Path nodeFolder, SortedSet<String> names) {
        try {
            X509Certificate issued = PemFiles.readCertificate(nodeFolder.resolve(NODE_CERTIFICATE));
            issued.verify(certificate.getPublicKey());
            Instant end = issued.getNotAfter().toInstant();
            boolean isFresh = clock.instant().isBefore(end.minus(NODE_LIFE.dividedBy(3)));
            return isFresh && names(issued).equals(normal(names))
                    && fits(PemFiles.readKey(nodeFolder.resolve(NODE_KEY)), issued);
        } catch (IOException | GeneralSecurityException e) {
            return false;
        }
    }

    private static boolean fits(PrivateKey key, X509Certificate owner) throws GeneralSecurityException {
        byte[] text = owner.getSerialNumber().toByteArray();
        Signature signer = Signature.getInstance(SIGNATURE);
        signer.initSign(key);
        signer.update(text);
        Signature checker = Signature.getInstance(SIGNATURE);
        checker.initVerify(owner.getPublicKey());
        checker.update(text);
        return checker.verify(signer.sign());
    }

    private static SortedSet<String> names(X509Certificate issued) throws GeneralSecurityException, IOException {
        SortedSet<String> names = new TreeSet<>();
        var alternatives = issued.getSubjectAlternativeNames();
        if (alternatives != null) {
            for (List<?> name : alternatives) {
                names.add(String.valueOf(name.get(1)));
            }
        }
        return normal(names);
    }

    /** Addresses are written in several ways. */
    private static SortedSet<String> normal(SortedSet<String> names) throws IOException {
        SortedSet<String> normal = new TreeSet<>();
        for (String name : names) {
            normal.add(name.indexOf(':') >= 0 ? InetAddress.getByName(name).getHostAddress() : name);
        }
        return normal;
    }

    private KeyPair newKeyPair() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec(CURVE), random);
        return generator.generateKeyPair();
    }

    private BigInteger serial() {
        return new BigInteger(SERIAL_BITS, random).setBit(SERIAL_BITS);
    }

    private JcaX509v3CertificateBuilder builder(X500Principal issuer, X500Principal subject, KeyPair pair,
            Duration life) {
        Instant now = clock.instant();
        return new JcaX509v3CertificateBuilder(issuer, serial(), Date.from(now.minus(BACKDATED)),
                Date.from(now.plus(life)), subject, pair.getPublic());
    }

    /** What is to stand in a certificate. */
    private interface Extensions {
        void addTo(org.bouncycastle.cert.X509v3CertificateBuilder builder)
                throws IOException, GeneralSecurityException;
    }

    private static X509Certificate sign(JcaX509v3CertificateBuilder builder, PrivateKey issuer, Extensions extensions)
            throws IOException, GeneralSecurityException {
        try {
            extensions.addTo(builder);
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder(SIGNATURE).build(issuer)));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }
}

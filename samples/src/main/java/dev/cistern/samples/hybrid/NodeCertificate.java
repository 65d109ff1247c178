package dev.cistern.samples.hybrid;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;

/**
 * A key and a certificate that vouches for itself, good for this machine's loopback and for a week: made for one run of
 * the demo by the JDK's keytool, kept in a temporary folder that only this user may read, and deleted at the end.
 */
record NodeCertificate(Path folder, Path certificate, Path key) implements AutoCloseable {

    private static final String ALIAS = "demo";
    private static final String STORE = "demo.p12";

    /** Makes one; {@code storePassword} guards the store for the moment in which it is turned into files. */
    static NodeCertificate make(String storePassword) throws IOException {
        Path folder = Files.createTempDirectory("cistern-demo-tls");
        NodeCertificate made = new NodeCertificate(folder, folder.resolve("node.crt"), folder.resolve("node.key"));
        try {
            made.run(storePassword);
            KeyStore keys = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(folder.resolve(STORE))) {
                keys.load(in, storePassword.toCharArray());
            }
            Files.writeString(made.certificate, pem("CERTIFICATE", keys.getCertificate(ALIAS).getEncoded()));
            Files.writeString(made.key, pem("PRIVATE KEY", keys.getKey(ALIAS, storePassword.toCharArray())
                    .getEncoded()));
            return made;
        } catch (GeneralSecurityException e) {
            made.close();
            throw new IOException("no certificate could be made: " + e.getMessage(), e);
        } catch (IOException e) {
            made.close();
            throw e;
        }
    }

    private void run(String storePassword) throws IOException {
        ProcessBuilder command = new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "keytool")
                .toString(), "-genkeypair", "-alias", ALIAS, "-keyalg", "EC", "-groupname", "secp256r1", "-dname",
                "CN=Cistern demo", "-ext", "san=dns:localhost,ip:127.0.0.1", "-validity", "7", "-storetype", "PKCS12",
                "-keystore", folder.resolve(STORE).toString(), "-storepass:env", "STORE_PASSWORD"));
        command.environment().put("STORE_PASSWORD", storePassword);
        Process keytool = command.redirectErrorStream(true).start();
        String output = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (keytool.waitFor() != 0) {
                throw new IOException("keytool: " + output.strip());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static String pem(String what, byte[] bytes) {
        return "-----BEGIN " + what + "-----\n" + Base64.getMimeEncoder(64, new byte[]{'\n'}).encodeToString(bytes)
                + "\n-----END " + what + "-----\n";
    }

    @Override
    public void close() {
        for (Path file : List.of(folder.resolve(STORE), certificate, key, folder)) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                // A temporary file that cannot be deleted is the operating system's to clear.
            }
        }
    }
}

package dev.cistern.control.node;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * By which authority's word a node's certificate is believed.
 *
 * <p>The file is read again when it changed. Connections share one context meanwhile: a node that was spoken to before is
 * greeted with the session of then, which spares both sides most of the work. Any thread.
 */
public final class NodeTrust {

    private final Path file;
    private final String password;
    private @Nullable Loaded loaded;

    /**
     * @param file     the authority's certificate, in a file of the kind JKS
     * @param password what opens the file; no secret, as nothing in it is
     */
    public NodeTrust(Path file, String password) {
        this.file = file;
        this.password = password;
    }

    /**
     * Makes sockets that believe just this authority, whatever name the other side has: it issues to nothing but nodes.
     *
     * @throws UncheckedIOException when the file cannot be read, or has no certificate in it
     */
    public synchronized SSLSocketFactory sockets() {
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            if (loaded == null || !loaded.isOf(now)) {
                loaded = new Loaded(now, load());
            }
            return loaded.sockets;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new UncheckedIOException(
                    new IOException("the authority's certificate cannot be used: " + e.getMessage(), e));
        }
    }

    private SSLSocketFactory load() throws IOException, GeneralSecurityException {
        KeyStore authorities = KeyStore.getInstance("JKS");
        try (InputStream in = Files.newInputStream(file)) {
            authorities.load(in, password.toCharArray());
        }
        TrustManagerFactory trusting = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusting.init(authorities);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trusting.getTrustManagers(), null);
        return context.getSocketFactory();
    }

    /** What was made of the file when it had these attributes. */
    private record Loaded(BasicFileAttributes attributes, SSLSocketFactory sockets) {

        boolean isOf(BasicFileAttributes now) {
            return attributes.lastModifiedTime().equals(now.lastModifiedTime()) && attributes.size() == now.size();
        }
    }
}

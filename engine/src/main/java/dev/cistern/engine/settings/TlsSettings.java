package dev.cistern.engine.settings;

import dev.cistern.engine.network.TlsOptions;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The settings of TLS as the network takes them: for those who come to this node, and for the nodes that it goes to.
 *
 * <p>Stateless. Looks for files in a folder, so not for a thread that must not wait.
 */
public final class TlsSettings {

    private TlsSettings() {}

    /** For those who come. */
    public static TlsOptions forClients(Settings settings) throws IOException {
        return options(settings, file(settings.tlsCertFile), file(settings.tlsKeyFile), settings.tlsKeyFilePass);
    }

    /** For a node that this one goes to: shows the certificate that is there for that, else the one that clients see. */
    public static TlsOptions forPeers(Settings settings) throws IOException {
        boolean hasOwn = file(settings.tlsClientCertFile) != null && file(settings.tlsClientKeyFile) != null;
        return hasOwn
                ? options(settings, file(settings.tlsClientCertFile), file(settings.tlsClientKeyFile),
                        settings.tlsClientKeyFilePass)
                : forClients(settings);
    }

    private static TlsOptions options(Settings settings, @Nullable Path certificates, @Nullable Path key,
            TextSetting password) throws IOException {
        return new TlsOptions(certificates, key, password.value().isEmpty() ? null : password.value(),
                authorities(settings),
                TlsOptions.Clients.valueOf(settings.tlsAuthClients.value().toUpperCase(Locale.ROOT)),
                words(settings.tlsProtocols.value()), words(settings.tlsCiphers.value()),
                words(settings.tlsCipherSuites.value()), settings.tlsPreferServerCiphers.isOn(),
                settings.tlsSessionCaching.isOn(), settings.tlsSessionCacheSize.value(),
                settings.tlsSessionCacheTimeout.value());
    }

    private static @Nullable Path file(TextSetting setting) {
        return setting.value().isEmpty() ? null : Path.of(setting.value());
    }

    private static List<Path> authorities(Settings settings) throws IOException {
        List<Path> files = new ArrayList<>();
        if (!settings.tlsCaCertFile.value().isEmpty()) {
            files.add(Path.of(settings.tlsCaCertFile.value()));
        }
        if (!settings.tlsCaCertDir.value().isEmpty()) {
            try (DirectoryStream<Path> inside = Files.newDirectoryStream(Path.of(settings.tlsCaCertDir.value()),
                    "*.{pem,crt,0}")) {
                inside.forEach(files::add);
            }
        }
        return files;
    }

    private static List<String> words(String text) {
        return text.isBlank() ? List.of() : List.of(text.trim().split("[\\s:]+"));
    }
}

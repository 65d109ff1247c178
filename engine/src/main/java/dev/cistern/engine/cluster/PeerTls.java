package dev.cistern.engine.cluster;

import dev.cistern.engine.settings.Settings;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.File;
import java.io.IOException;
import javax.net.ssl.SSLSocketFactory;

/**
 * TLS as a node speaks it to another one: it shows its own certificate, and trusts the authority that clients' are
 * checked by. Names are not compared, as nodes are known by addresses. Stateless; reads files, so not on a loop.
 */
final class PeerTls {

    private PeerTls() {}

    static SSLSocketFactory factory(Settings settings) throws IOException {
        String authority = settings.tlsCaCertFile.value();
        if (authority.isEmpty()) {
            throw new MoveException("the other node speaks TLS alone: to trust it, this one needs tls-ca-cert-file",
                    null);
        }
        SslContextBuilder builder = SslContextBuilder.forClient().sslProvider(SslProvider.JDK)
                .trustManager(new File(authority)).endpointIdentificationAlgorithm(null);
        if (!settings.tlsCertFile.value().isEmpty() && !settings.tlsKeyFile.value().isEmpty()) {
            String password = settings.tlsKeyFilePass.value();
            builder.keyManager(new File(settings.tlsCertFile.value()), new File(settings.tlsKeyFile.value()),
                    password.isEmpty() ? null : password);
        }
        try {
            return ((JdkSslContext) builder.build()).context().getSocketFactory();
        } catch (IllegalArgumentException e) {
            throw new MoveException("the files of TLS cannot be read: " + e.getMessage(), e);
        }
    }
}

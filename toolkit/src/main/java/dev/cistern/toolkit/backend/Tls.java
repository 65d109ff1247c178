package dev.cistern.toolkit.backend;

import io.lettuce.core.SslOptions;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;

import java.nio.file.Path;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Whom encrypted connections trust: the platform's authorities, or one of your own. Whether a connection is encrypted
 * at all is said by the scheme of its URI.
 */
public record Tls(@Nullable Path authority) {

    /** The platform's authorities; right for ElastiCache. */
    public static final Tls PLATFORM = new Tls(null);

    SslOptions forRedis() {
        return authority == null ? SslOptions.create() : SslOptions.builder().trustManager(authority.toFile()).build();
    }

    SslContext forMemcached() {
        try {
            SslContextBuilder builder = SslContextBuilder.forClient().endpointIdentificationAlgorithm("HTTPS");
            return authority == null ? builder.build() : builder.trustManager(authority.toFile()).build();
        } catch (SSLException e) {
            throw new IllegalArgumentException("cannot use the certificates in " + authority, e);
        }
    }
}

package dev.cistern.gateway;

import dev.cistern.control.Caller;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

/** What a {@link Gateway} is the face of. Asked once per request, on the request's thread. */
@FunctionalInterface
public interface Backend {

    /** The service for one caller. */
    ElastiCacheClient elastiCache(Caller caller);

    /** JSON for operators. */
    default String status() {
        return "{}";
    }

    /** The certificate, PEM, that clients of encrypted caches have to trust; empty when there is none. */
    default String authority() {
        return "";
    }
}

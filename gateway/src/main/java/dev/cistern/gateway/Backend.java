package dev.cistern.gateway;

import dev.cistern.control.Caller;
import dev.cistern.control.NetworkFault;
import dev.cistern.control.NetworkService;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

/** What a {@link Gateway} is the face of. Asked once per request, on the request's thread. */
@FunctionalInterface
public interface Backend {

    /** The service for one caller. */
    ElastiCacheClient elastiCache(Caller caller);

    /** The network of one caller. */
    default NetworkService network(Caller caller) {
        throw new NetworkFault("InvalidAction", "There is no network here.");
    }

    /** JSON for operators. */
    default String status() {
        return "{}";
    }

    /** JSON for whoever wants to know who is let in where. */
    default String doors() {
        return "{}";
    }

    /** The certificate, PEM, that clients of encrypted caches have to trust; empty when there is none. */
    default String authority() {
        return "";
    }
}

package dev.cistern.toolkit;

/**
 * The cache servers did not answer in time, or are not asked at all while the circuit breaker is open. Business code
 * sees it only when the kit was built with {@code failWhenCacheDown()}.
 */
public final class CacheUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public CacheUnavailableException(String message) {
        super(message);
    }

    public CacheUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}

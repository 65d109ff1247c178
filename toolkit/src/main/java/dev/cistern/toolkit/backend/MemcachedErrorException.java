package dev.cistern.toolkit.backend;

/** A Memcached server answered with an error line; the message is that line. */
public final class MemcachedErrorException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    MemcachedErrorException(String line) {
        super(line, null, false, false);
    }
}

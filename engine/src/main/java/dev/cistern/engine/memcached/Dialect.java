package dev.cistern.engine.memcached;

/** One of the two protocols, on one event loop. */
interface Dialect {

    /**
     * Executes the request that begins at {@code from}, and writes its reply.
     *
     * @return where the next request begins; {@code from} itself if this one has not arrived whole. The session is then
     *     told how many bytes it takes, if that is known.
     */
    long execute(ItemSession session, long from, long end);
}

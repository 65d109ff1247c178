package dev.cistern.engine.memcached;

/**
 * What a line of {@code get}, {@code gets}, {@code gat} or {@code gats} asks of each of its keys.
 *
 * @param withUnique whether each item's number is told
 * @param touches whether each item gets a new deadline
 */
record GetRequest(boolean withUnique, boolean touches, long deadlineMillis) {
    static final GetRequest GET = new GetRequest(false, false, 0);
    static final GetRequest GETS = new GetRequest(true, false, 0);
}

package dev.cistern.engine.memcached;

/**
 * What a line of {@code get}, {@code gets}, {@code gat} or {@code gats} asks of each of its keys, kept while the line is
 * answered in parts.
 *
 * @param withUnique whether each item's number is told
 * @param touches whether each item gets a new deadline
 */
record GetRequest(boolean withUnique, boolean touches, long deadlineMillis) {}

package dev.cistern.control.node;

/**
 * What judges the signatures of one access key on one day, in one region, for ElastiCache alone; the access key's own secret
 * cannot be had from it.
 *
 * @param id    the access key's
 * @param date  as in 20261122, by UTC
 * @param key   64 hex digits
 */
public record SigningKey(String id, String date, Secret key) {}

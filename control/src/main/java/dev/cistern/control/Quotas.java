package dev.cistern.control;

/**
 * AWS's limits per account and region, as settings.
 *
 * @param nodesPerRegion   cache nodes of all clusters together
 * @param tagsPerResource  tags on one resource
 * @param eventsKept       newest events that are kept, whatever their age; a bound of ours, AWS has only the 14 days
 */
public record Quotas(int nodesPerRegion, int tagsPerResource, int eventsKept) {

    /** The defaults of an AWS account. */
    public static final Quotas DEFAULT = new Quotas(300, 50, 10_000);
}

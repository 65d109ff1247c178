package dev.cistern.control.operation;

import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.elasticache.model.BatchApplyUpdateActionRequest;
import software.amazon.awssdk.services.elasticache.model.BatchApplyUpdateActionResponse;
import software.amazon.awssdk.services.elasticache.model.BatchStopUpdateActionRequest;
import software.amazon.awssdk.services.elasticache.model.BatchStopUpdateActionResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeReservedCacheNodesOfferingsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeReservedCacheNodesOfferingsResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeReservedCacheNodesRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeReservedCacheNodesResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeServiceUpdatesRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeServiceUpdatesResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeUpdateActionsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeUpdateActionsResponse;
import software.amazon.awssdk.services.elasticache.model.PurchaseReservedCacheNodesOfferingRequest;

/**
 * What AWS offers beside caches: service updates and reservations.
 *
 * <p>Nobody issues updates for this service and nobody sells its nodes, so the lists are empty because there is nothing, and
 * whoever names one is told that it is not found.
 */
public record OfferOperations(Context context) {

    private static final int MAX_IDS = 20;
    private static final String UPDATE_PARAMETER = "ServiceUpdateName";

    public DescribeServiceUpdatesResponse serviceUpdates(DescribeServiceUpdatesRequest request) {
        Page.of(request.maxRecords(), request.marker());
        requireNone(request.serviceUpdateName(), Faults.serviceUpdateNotFound(request.serviceUpdateName()));
        return DescribeServiceUpdatesResponse.builder().serviceUpdates(List.of()).build();
    }

    public DescribeUpdateActionsResponse updateActions(DescribeUpdateActionsRequest request) {
        Page.of(request.maxRecords(), request.marker());
        requireFew(request.cacheClusterIds(), request.replicationGroupIds());
        request.replicationGroupIds().forEach(new ReplicationGroupOperations(context)::require);
        request.cacheClusterIds().forEach(id -> Clusters.require(context, id));
        return DescribeUpdateActionsResponse.builder().updateActions(List.of()).build();
    }

    public BatchApplyUpdateActionResponse apply(BatchApplyUpdateActionRequest request) {
        requireFew(request.cacheClusterIds(), request.replicationGroupIds());
        throw Faults.serviceUpdateNotFound(Checks.notBlank(UPDATE_PARAMETER, request.serviceUpdateName()));
    }

    public BatchStopUpdateActionResponse stop(BatchStopUpdateActionRequest request) {
        requireFew(request.cacheClusterIds(), request.replicationGroupIds());
        throw Faults.serviceUpdateNotFound(Checks.notBlank(UPDATE_PARAMETER, request.serviceUpdateName()));
    }

    public DescribeReservedCacheNodesResponse reservedNodes(DescribeReservedCacheNodesRequest request) {
        Page.of(request.maxRecords(), request.marker());
        requireNone(request.reservedCacheNodeId(), Faults.reservedNodeNotFound(request.reservedCacheNodeId()));
        return DescribeReservedCacheNodesResponse.builder().reservedCacheNodes(List.of()).build();
    }

    public DescribeReservedCacheNodesOfferingsResponse offerings(DescribeReservedCacheNodesOfferingsRequest request) {
        Page.of(request.maxRecords(), request.marker());
        requireNone(request.reservedCacheNodesOfferingId(),
                Faults.offeringNotFound(request.reservedCacheNodesOfferingId()));
        return DescribeReservedCacheNodesOfferingsResponse.builder().reservedCacheNodesOfferings(List.of()).build();
    }

    /** The answer to everybody who wants to buy one of the offerings that there are not. */
    public static AwsServiceException purchaseRefusal(PurchaseReservedCacheNodesOfferingRequest request) {
        return Faults.offeringNotFound(
                Checks.notBlank("ReservedCacheNodesOfferingId", request.reservedCacheNodesOfferingId()));
    }

    private static void requireNone(@Nullable String name, AwsServiceException notFound) {
        if (name != null) {
            throw notFound;
        }
    }

    private static void requireFew(List<String> clusters, List<String> groups) {
        if (clusters.size() > MAX_IDS || groups.size() > MAX_IDS) {
            throw Faults.invalidParameterValue("At most %d CacheClusterIds and ReplicationGroupIds may be given.",
                    MAX_IDS);
        }
    }
}

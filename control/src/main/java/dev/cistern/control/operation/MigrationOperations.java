package dev.cistern.control.operation;

import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.resource.Migration;
import dev.cistern.control.resource.PortLease;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.TransitEncryption;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.CompleteMigrationRequest;
import software.amazon.awssdk.services.elasticache.model.CompleteMigrationResponse;
import software.amazon.awssdk.services.elasticache.model.CustomerNodeEndpoint;
import software.amazon.awssdk.services.elasticache.model.StartMigrationRequest;
import software.amazon.awssdk.services.elasticache.model.StartMigrationResponse;
import software.amazon.awssdk.services.elasticache.model.TestMigrationRequest;
import software.amazon.awssdk.services.elasticache.model.TestMigrationResponse;

/**
 * Moving in from a server that is not ours: the group follows it while its clients go on, until they are ready to change
 * over.
 */
public record MigrationOperations(Context context) {

    private static final String ENDPOINTS = "CustomerNodeEndpointList";
    private static final int MAX_PORT = 65_535;
    private static final int MAX_HOST_LENGTH = 255;

    /** Answers with status "modifying"; "migrating" follows when the source is found to be fit. */
    public StartMigrationResponse start(StartMigrationRequest request) {
        ReplicationGroup group = requireTarget(request.replicationGroupId());
        ReplicationGroup changed = context.workflows().startMigration(context.handle(), group,
                source(request.customerNodeEndpointList()));
        return StartMigrationResponse.builder()
                .replicationGroup(context.descriptions().group(context.handle(), changed)).build();
    }

    /** Answers with status "modifying"; an event tells what came of it, and no data come. */
    public TestMigrationResponse test(TestMigrationRequest request) {
        ReplicationGroup group = requireTarget(request.replicationGroupId());
        ReplicationGroup changed = context.workflows().testMigration(context.handle(), group,
                source(request.customerNodeEndpointList()));
        return TestMigrationResponse.builder()
                .replicationGroup(context.descriptions().group(context.handle(), changed)).build();
    }

    /** Answers with status "migrating"; "available" follows. */
    public CompleteMigrationResponse complete(CompleteMigrationRequest request) {
        ReplicationGroup group = new ReplicationGroupOperations(context).require(request.replicationGroupId());
        Migration migration = Migration.find(context.handle(), group.key());
        if (migration == null) {
            throw group.is(ReplicationGroupStatus.AVAILABLE)
                    ? Faults.replicationGroupNotUnderMigration(
                            "Replication group " + group.id() + " is not under migration.")
                    : Faults.invalidReplicationGroupState(
                            "Replication group %s has status %s: its migration cannot be completed.", group.id(),
                            group.status().wireName());
        }
        if (!migration.is(Migration.State.FOLLOWING)) {
            throw Faults.invalidReplicationGroupState("The migration to replication group %s is being completed.",
                    group.id());
        }
        context.workflows().completeMigration(context.handle(), migration, Boolean.TRUE.equals(request.force()));
        return CompleteMigrationResponse.builder()
                .replicationGroup(context.descriptions().group(context.handle(), group)).build();
    }

    private ReplicationGroup requireTarget(@Nullable String id) {
        ReplicationGroup group = new ReplicationGroupOperations(context).require(id);
        if (Migration.find(context.handle(), group.key()) != null) {
            throw Faults.replicationGroupAlreadyUnderMigration(
                    "Replication group " + group.id() + " is already under migration.");
        }
        new Members(context).requireAvailable(group, "migrate data to it");
        if (group.hasSlots()) {
            throw Faults.notOffered("migrating data to a group in cluster mode", "its cluster mode must be disabled");
        }
        if (!group.multiAz()) {
            throw Faults.invalidReplicationGroupState(
                    "Replication group %s must have Multi-AZ enabled for data to be migrated to it.", group.id());
        }
        if (TransitEncryption.of(context.handle(), group.key()).isOn()) {
            throw Faults.invalidReplicationGroupState("Replication group %s must not have encryption in transit "
                    + "enabled for data to be migrated to it.", group.id());
        }
        return group;
    }

    private NodeAddress source(List<CustomerNodeEndpoint> endpoints) {
        if (endpoints.size() != 1) {
            throw Faults.invalidParameterValue("The parameter %s must have exactly one element.", ENDPOINTS);
        }
        CustomerNodeEndpoint endpoint = endpoints.getFirst();
        String host = Checks.notBlank(ENDPOINTS + ".Address", endpoint.address());
        int port = Checks.required(ENDPOINTS + ".Port", endpoint.port());
        if (!host.matches("[A-Za-z0-9._:-]{1," + MAX_HOST_LENGTH + "}") || port < 1 || port > MAX_PORT) {
            throw Faults.invalidParameterValue("Invalid endpoint in %s: %s:%d", ENDPOINTS, host, port);
        }
        NodeAddress source = new NodeAddress(host, port);
        context.options().sources().refusalOfNumbers(source, taken -> PortLease.isHeld(context.handle(), taken))
                .ifPresent(reason -> {
                    throw Faults.invalidParameterValue("Invalid endpoint in %s: %s.", ENDPOINTS, reason);
                });
        return source;
    }
}

package dev.cistern.control.workflow;

import dev.cistern.control.MigrationSources;
import dev.cistern.control.node.ForeignServer;
import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodePlace;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.Migration;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.NodeParameters;
import dev.cistern.control.resource.PortLease;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/** The steps by which a group of one node group gets its data from a server that is not ours, and becomes its own again. */
record MigrationSteps(GroupSteps groups, Nodes nodes, MigrationSources sources) {

    private static final Logger log = LoggerFactory.getLogger(MigrationSteps.class);

    /** Hundreds of gigabytes over a slow network. */
    private static final Duration COPY_LIMIT = Duration.ofHours(24);
    private static final Duration SYNC_LIMIT = Duration.ofSeconds(20);

    /** What a workflow stores of the server. */
    record Source(String host, int port) {

        static Source of(NodeAddress address) {
            return new Source(address.host(), address.port());
        }

        NodeAddress address() {
            return new NodeAddress(host, port);
        }
    }

    /** The member that is primary: asked each time, for before a migration it may fail over. */
    CacheNode primary(Steps run, ResourceKey group) {
        return run.read(handle -> primary(handle, group));
    }

    private static CacheNode primary(Handle handle, ResourceKey group) {
        return CacheNode.of(handle, group.sibling(NodeGroup.of(handle, group).getFirst().primaryClusterId()))
                .getFirst();
    }

    /** The server in numbers: found once, for the whole migration. {@link HopelessException} when it may not be a source. */
    Source find(Steps run, Source named) {
        return run.once("find " + named.host, Source.class, () -> {
            try {
                return Source.of(sources.find(named.address(),
                        port -> run.read(handle -> PortLease.isHeld(handle, port))));
            } catch (UnknownHostException e) {
                throw new HopelessException("no address of " + named.host + " is known");
            } catch (IllegalArgumentException refused) {
                throw new HopelessException(String.valueOf(refused.getMessage()));
            }
        });
    }

    /** {@link HopelessException} when the primary could not follow that server, or would not have room for its data. */
    void look(Steps run, ResourceKey group, Source source) {
        run.once("look at " + source.host + ":" + source.port, () -> {
            ForeignServer server = ask(source.address());
            if (server.isClustered()) {
                throw new HopelessException("the source is in cluster mode, and the replication group is not");
            }
            for (ResourceKey member : groups.members(run, group)) {
                for (CacheNode node : nodes.of(member)) {
                    if (nodes.report(node).runId().equals(server.runId())) {
                        throw new HopelessException("the source is a node of this replication group");
                    }
                }
            }
            requireRoom(run, group, server);
        });
    }

    private void requireRoom(Steps run, ResourceKey group, ForeignServer server) {
        NodeParameters parameters = Objects.requireNonNull(nodes.parameters(primary(run, group)));
        long room = parameters.maxMemoryBytes();
        if (server.usedMemoryBytes() > room) {
            throw new HopelessException("the source uses " + server.usedMemoryBytes() + " bytes, a node has room for "
                    + room);
        }
        int databases = Integer.parseInt(parameters.value("databases"));
        if (server.highestDatabase() >= databases) {
            throw new HopelessException("the source has keys in database " + server.highestDatabase()
                    + ", the parameter group allows " + databases + " databases");
        }
    }

    private static ForeignServer ask(NodeAddress source) {
        try {
            return ForeignServer.at(source);
        } catch (NodeRuntimeException e) {
            throw new HopelessException(String.valueOf(e.getMessage()));
        }
    }

    /** From here on the rows say that the primary follows the source, and it is not failed over. */
    void begin(Steps run, ResourceKey group, Source source) {
        run.commit("migrating", handle -> {
            if (primary(handle, group).status() != CacheNodeStatus.AVAILABLE) {
                throw new IllegalStateException("the primary of " + group.id() + " is away");
            }
            raiseEpoch(handle, group);
            Migration.TABLE.insert(handle,
                    new Migration(group, 0, source.host, source.port, Migration.State.FOLLOWING));
            groups.become(handle, group, ReplicationGroupStatus.MIGRATING);
        });
    }

    private static void raiseEpoch(Handle handle, ResourceKey group) {
        NodeGroup.TABLE.update(handle, NodeGroup.of(handle, group).getFirst().withNextEpoch());
    }

    /** Has the primary follow the source, and waits until it has what that has; ends when nobody wants that any more. */
    void follow(Steps run, ResourceKey group) {
        run.until("follow the source", COPY_LIMIT, () -> isFollowing(run, group) || !isWanted(run, group));
    }

    private boolean isWanted(Steps run, ResourceKey group) {
        return run.read(handle -> {
            Migration migration = Migration.find(handle, group);
            return migration != null && migration.is(Migration.State.FOLLOWING);
        });
    }

    private boolean isFollowing(Steps run, ResourceKey group) {
        CacheNode primary = primary(run, group);
        try {
            if (nodes.admin(primary).place().isPrimary()) {
                nodes.assumeRole(primary);
            }
            return nodes.admin(primary).place().isLinked();
        } catch (JedisException | NodeRuntimeException | IllegalStateException e) {
            log.debug("primary {} does not hear whom to follow; it is told again", primary.nodeId(), e);
            return false;
        }
    }

    /**
     * Answers how far the source is, when the primary has got that; {@link HopelessException} when it does not. What is
     * written there later is not waited for.
     */
    long requireSync(Steps run, ResourceKey group) {
        long wanted = run.once("know how far the source is", Long.class, () -> {
            NodeAddress source = run.read(handle -> Objects.requireNonNull(Migration.find(handle, group)).source());
            return ask(source).offset();
        });
        untilSoon(run, "data in sync", () -> {
            NodePlace place = nodes.placeIfAnswering(primary(run, group));
            return place != null && hasAll(place, wanted);
        });
        return wanted;
    }

    private static void untilSoon(Steps run, String step, BooleanSupplier condition) {
        try {
            run.untilSoon(step, SYNC_LIMIT, condition);
        } catch (IllegalStateException e) {
            throw new HopelessException("the data is not in sync");
        }
    }

    private static boolean hasAll(NodePlace place, long wanted) {
        return place.isPrimary() || (place.isLinked() && place.offset() >= wanted);
    }

    /** Has the primary lead with what it has, and stores that. */
    void lead(Steps run, ResourceKey group, long wanted) {
        run.commit("raise the epoch", handle -> raiseEpoch(handle, group));
        // One that was started anew since has to get everything again first.
        untilSoon(run, "leads", () -> {
            CacheNode primary = primary(run, group);
            NodePlace place = nodes.placeIfAnswering(primary);
            return place != null && hasAll(place, wanted) && nodes.promote(primary);
        });
        run.commit("led", handle -> becomeLed(handle, group));
    }

    /** The same whatever it has: nothing, if it has only part of it. */
    void leadAnyway(Steps run, ResourceKey group) {
        run.commit("is to lead", handle -> {
            raiseEpoch(handle, group);
            becomeLed(handle, group);
        });
        run.once("leads anyway", () -> {
            CacheNode primary = primary(run, group);
            try {
                nodes.assumeRole(primary);
            } catch (JedisDataException e) {
                log.warn("node {} has nothing whole to lead with: it begins anew", primary.nodeId(), e);
                nodes.restart(primary);
            }
        });
    }

    private static void becomeLed(Handle handle, ResourceKey group) {
        Migration migration = Migration.find(handle, group);
        if (migration != null) {
            Migration.TABLE.update(handle, migration.withState(Migration.State.LED));
        }
    }

    /** Replicas follow on, and clients come to the primary as before. */
    void end(Steps run, ResourceKey group) {
        groups.takePlaces(run, group, groups.members(run, group));
        run.commit("available", handle -> {
            Migration.delete(handle, group);
            groups.become(handle, group, ReplicationGroupStatus.AVAILABLE,
                    "Complete Migration successful for " + group.id());
        });
    }
}

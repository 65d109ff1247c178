package dev.cistern.control;

import dev.cistern.control.operation.Context;
import dev.cistern.control.operation.SecurityGroupOperations;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.Network;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.state.Database;
import dev.cistern.control.workflow.Workflows;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/**
 * The network of one caller as EC2 shows it: a VPC and its subnets, which are given, and security groups, which are made.
 *
 * <p>No EC2: only what says where caches lie and who may connect to them. Refusals are {@link NetworkFault}. Runs on the
 * caller's thread.
 */
public final class NetworkService {

    private final Caller caller;
    private final ControlPlaneOptions options;
    private final Database database;
    private final Workflows workflows;
    private final EventLog events;

    NetworkService(Caller caller, ControlPlaneOptions options, Database database, Workflows workflows,
            EventLog events) {
        this.caller = caller;
        this.options = options;
        this.database = database;
        this.workflows = workflows;
        this.events = events;
    }

    public Caller caller() {
        return caller;
    }

    public Network network() {
        return Network.of(new ResourceKey(caller.account(), caller.region(), ""));
    }

    /** Runs {@code work} in a transaction of its own and begins what it stored. */
    public <T> T change(Function<SecurityGroupOperations, T> work) {
        T answer = database.change(handle -> work.apply(operations(handle)));
        workflows.dispatch();
        return answer;
    }

    public <T> T read(Function<SecurityGroupOperations, T> work) {
        return database.read(handle -> work.apply(operations(handle)));
    }

    private SecurityGroupOperations operations(Handle handle) {
        return new SecurityGroupOperations(new Context(caller, handle, options, workflows, events));
    }
}

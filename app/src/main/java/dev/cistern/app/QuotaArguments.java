package dev.cistern.app;

import dev.cistern.control.Quotas;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Limits on nodes, which AWS raises when it is asked to. */
final class QuotaArguments {

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--nodes-per-region", paramLabel = "N", defaultValue = "300", description = "Cache nodes of an account in a region (default ${DEFAULT-VALUE}).")
    private int perRegion;

    @Option(names = "--nodes-per-group", paramLabel = "N", defaultValue = "90", description = "Nodes of a replication group, "
            + Quotas.MOST_NODES_PER_REPLICATION_GROUP + " at most (default ${DEFAULT-VALUE}).")
    private int perReplicationGroup;

    @Option(names = "--nodes-per-memcached", paramLabel = "N", defaultValue = "40", description = "Nodes of a Memcached cluster (default ${DEFAULT-VALUE}).")
    private int perMemcachedCluster;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
    QuotaArguments() {}

    Quotas quotas() {
        return Quotas.DEFAULT.withNodes(
                checked(perRegion, Integer.MAX_VALUE, "--nodes-per-region"),
                checked(perMemcachedCluster, Integer.MAX_VALUE, "--nodes-per-memcached"),
                checked(perReplicationGroup, Quotas.MOST_NODES_PER_REPLICATION_GROUP, "--nodes-per-group"));
    }

    private int checked(int value, int most, String option) {
        if (value < 1 || value > most) {
            throw new ParameterException(command.commandLine(),
                    option + " " + value + ": write a number from 1 to " + most);
        }
        return value;
    }
}

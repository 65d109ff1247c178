package dev.cistern.control.operation;

/** What automatic failover and Multi-AZ need, in AWS's words. */
final class FailoverRules {

    private FailoverRules() {}

    /** {@code replicas} is what the node group with the fewest has. */
    static void require(boolean failsOver, boolean isMultiAz, int replicas, boolean isClustered) {
        if (failsOver && replicas == 0 && !isClustered) {
            throw Faults.invalidParameterCombination(
                    "When using automatic failover, there must be at least 2 cache clusters in the replication group.");
        }
        if (isMultiAz && !failsOver) {
            throw Faults.invalidParameterCombination(
                    "Automatic failover must be enabled when Multi-AZ is enabled.");
        }
        if (isMultiAz && replicas == 0) {
            throw Faults.invalidParameterCombination("Multi-AZ needs at least one replica in each node group.");
        }
    }
}

package dev.cistern.benchmarks.failover;

import java.util.Locale;

/** What happens to a primary. */
enum Fault {

    /** Its process is killed; in this JVM, it ends without a goodbye. */
    KILL("kill -9"),

    /** Its process stands still (SIGSTOP), and goes on if it is still there when another one leads. */
    STOP("SIGSTOP"),

    /** TestFailover is called. */
    TEST_FAILOVER("TestFailover"),

    /** A replica is promoted by ModifyReplicationGroup: the two change places. */
    PLANNED("planned hand-over"),

    /** All nodes are started anew for another engine version, replicas first; then the primary hands over. */
    UPGRADE("engine version upgrade"),

    /** The nodes are given another node type. */
    RESIZE("node type change");

    private final String title;

    Fault(String title) {
        this.title = title;
    }

    /** Whether the nodes are changed one after the other, which takes a while after another one leads. */
    boolean isChange() {
        return this == UPGRADE || this == RESIZE;
    }

    String title() {
        return title;
    }

    /** As it is named on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}

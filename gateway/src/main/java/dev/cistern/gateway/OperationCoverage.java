package dev.cistern.gateway;

import dev.cistern.gateway.wire.ServiceRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which of AWS's operations act and which are refused, as the table of COVERAGE.md.
 *
 * <p>All names come from AWS's model, those that act from the service class itself, so the page can promise neither more
 * nor less than the program does.
 */
public final class OperationCoverage {

    private OperationCoverage() {}

    /**
     * The section on ElastiCache's operations, in Markdown.
     *
     * @param acting  names of the operations that act; every other one answers NotImplemented
     * @throws IllegalArgumentException when a name is none of AWS's
     */
    public static String markdown(Set<String> acting) {
        List<String> rows = new ArrayList<>();
        Set<String> unknown = new TreeSet<>(acting);
        for (String operation : ServiceRules.load("elasticache").operationNames()) {
            rows.add("| " + operation + " | " + (unknown.remove(operation) ? "acts" : "refused") + " |");
        }
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("no operations of ElastiCache: " + unknown);
        }
        return """
                ## Operations

                %d of %d operations of the ElastiCache API (2015-02-02) act. The others answer `NotImplemented`.

                | operation | state |
                | --- | --- |
                %s
                """.formatted(acting.size(), rows.size(), String.join("\n", rows));
    }
}

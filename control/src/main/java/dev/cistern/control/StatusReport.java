package dev.cistern.control;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * What exists and what is being done, for operators: one moment of the state, of all accounts and regions.
 *
 * @param resources  groups, clusters and snapshots, in that order, by id
 * @param work       workflows that run now, oldest first
 */
public record StatusReport(List<Resource> resources, List<Work> work) {

    /**
     * A thing that has a name of Amazon's form.
     *
     * @param kind      replication group, cache cluster or snapshot
     * @param what      its engine, version, node type or size
     * @param endpoint  where clients connect, when there is such a place
     */
    public record Resource(String kind, String id, String status, String what, @Nullable String endpoint) {}

    /**
     * A workflow that runs.
     *
     * @param stepsDone    steps that are done and stored
     * @param step         the step that is being done; null before the first
     * @param forMillis    since when, counted from the wish
     * @param failures     attempts that failed
     * @param lastFailure  the last one's reason
     */
    public record Work(String workflow, String id, int stepsDone, @Nullable String step, long forMillis, int failures,
            @Nullable String lastFailure) {}

    public String toJson() {
        return new JsonMapper().writeValueAsString(this);
    }

    public static StatusReport parse(String json) {
        return new JsonMapper().readValue(json, StatusReport.class);
    }
}

package dev.cistern.control.node;

/**
 * What a node says of itself at one moment.
 *
 * @param runId            another one after each start
 * @param usedMemoryBytes  data and overhead, as it counts them against {@code maxmemory}
 * @param isSaving         whether it writes its snapshot's file now
 * @param lastSaveFailed   whether it could not the last time
 */
public record NodeReport(String runId, long usedMemoryBytes, boolean isSaving, boolean lastSaveFailed) {}

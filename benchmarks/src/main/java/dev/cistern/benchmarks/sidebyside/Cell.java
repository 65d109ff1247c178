package dev.cistern.benchmarks.sidebyside;

/**
 * One cell of the comparison: what is asked, with values of which size, how many requests at a time.
 *
 * @param valueBytes 0 where the command has no value of the client's choice (INCR and others)
 */
record Cell(Workload workload, int valueBytes, int pipeline) {

    /** Bytes of values that may be under way at once, in the client's buffers and again in the server's. */
    long bytesInFlight(int connections) {
        return (long) connections * pipeline * workload.keysPerRequest() * valueBytes;
    }

    /** Whether the servers can go on to this cell with the data that they hold for the other. */
    boolean hasDataOf(Cell other) {
        return workload.dataSet() == other.workload.dataSet() && valueBytes == other.valueBytes
                && workload.dataSet() != Workload.DataSet.NONE;
    }

    @Override
    public String toString() {
        return workload + (valueBytes == 0 ? "" : " " + valueBytes + " B") + ", pipeline " + pipeline;
    }
}

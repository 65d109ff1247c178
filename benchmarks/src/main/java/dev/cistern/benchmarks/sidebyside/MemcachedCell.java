package dev.cistern.benchmarks.sidebyside;

/** One cell of the comparison of Memcached servers: what is asked, with values of which size, how many at a time. */
record MemcachedCell(Request request, int valueBytes, int pipeline) {

    /** What a request is. */
    enum Request {
        GET("get"), SET("set"), MGET("get of 10 keys"), MIXED("9 gets to a set");

        private static final int KEYS_OF_MGET = 10;

        private final String title;

        Request(String title) {
            this.title = title;
        }

        int keys() {
            return this == MGET ? KEYS_OF_MGET : 1;
        }
    }

    @Override
    public String toString() {
        return request.title + " " + valueBytes + " B, pipeline " + pipeline;
    }
}

package dev.cistern.benchmarks.sidebyside;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What a cell asks of the servers: a command with random parts, and the data that must be there before.
 *
 * <p>The first four are tests that redis-benchmark knows by name and whose values have a chosen size. The others are
 * commands handed to it word by word; it puts twelve random digits where {@code __rand_int__} stands.
 */
enum Workload {
    GET(DataSet.STRINGS), SET(DataSet.STRINGS), INCR(DataSet.NONE), MSET(DataSet.STRINGS),
    /** A field of one large hash. */
    HSET(DataSet.HASH, "HSET hash field:__rand_int__ value:1234567890"), HGET(DataSet.HASH,
            "HGET hash field:__rand_int__"),
    /** A field of one of many small hashes. */
    HSET_SMALL(DataSet.NONE, "HSET hash:__rand_int__ field value:1234567890"), LPUSH(DataSet.NONE,
            "LPUSH list value:1234567890"), LRANGE(DataSet.LIST, "LRANGE list 0 99"), SADD(DataSet.NONE,
                    "SADD set member:__rand_int__"), SISMEMBER(DataSet.SET, "SISMEMBER set member:__rand_int__"), ZADD(
                            DataSet.SORTED_SET, "ZADD ranks __rand_int__ member:__rand_int__"), ZRANGE(
                                    DataSet.SORTED_SET, "ZRANGE ranks 500000 500009"), ZRANK(DataSet.SORTED_SET,
                                            "ZRANK ranks member:__rand_int__"), XADD(DataSet.NONE,
                                                    "XADD stream MAXLEN ~ 100000 * field value:1234567890"), EVAL(
                                                            DataSet.STRINGS_64, "EVAL",
                                                            "return redis.call('GET', KEYS[1])", "1",
                                                            "key:__rand_int__"),
    /** A transaction of five SETs, which {@link ScriptedLoad} sends. */
    MULTI(DataSet.NONE),
    /** Both, one after the other, on a long list; {@link ScriptedLoad} sends them. */
    LPUSH_LPOP(DataSet.LIST),
    /** A message to fifty subscribers. */
    PUBLISH(DataSet.NONE, "PUBLISH", Workload.CHANNEL, "value:1234567890");

    /** What a server holds before a cell is measured. */
    enum DataSet {
        NONE, STRINGS, STRINGS_64, HASH, LIST, SET, SORTED_SET
    }

    /** What PUBLISH publishes to. */
    static final String CHANNEL = "news";

    /** Of the sorted set: large enough that a rank is far from an end. */
    static final int SORTED_MEMBERS = 1_000_000;

    private static final int KEYS_OF_MSET = 10;

    private final DataSet dataSet;
    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<String> words;

    Workload(DataSet dataSet, String command) {
        this(dataSet, command.split(" "));
    }

    Workload(DataSet dataSet, String... words) {
        this.dataSet = dataSet;
        this.words = List.of(words);
    }

    /** Whether its operations are several commands. */
    boolean isScripted() {
        return this == MULTI || this == LPUSH_LPOP;
    }

    /** Its name on the command line: {@code hset-small}. */
    String option() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** @throws IllegalArgumentException when there is none of that name; its message lists them */
    static Workload of(String option) {
        return Arrays.stream(values()).filter(workload -> workload.option().equals(option)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no test '" + option + "'; there are "
                        + String.join(", ", Arrays.stream(values()).map(Workload::option).toList())));
    }

    DataSet dataSet() {
        return dataSet;
    }

    /** Whether the size of its values is the user's choice. */
    boolean isSized() {
        return dataSet == DataSet.STRINGS;
    }

    int keysPerRequest() {
        return this == MSET ? KEYS_OF_MSET : 1;
    }

    /** How many different random numbers its load draws. */
    int range(int keys) {
        return dataSet == DataSet.SORTED_SET ? SORTED_MEMBERS : keys;
    }

    /** The words at the end of redis-benchmark's command line; none for a test that it knows. */
    List<String> words() {
        return words;
    }

    @Override
    public String toString() {
        if (this == MSET || this == MULTI) {
            return name() + " of " + (this == MSET ? KEYS_OF_MSET : ScriptedLoad.COMMANDS);
        }
        return name().replace('_', ' ').replace("SMALL", "small");
    }
}

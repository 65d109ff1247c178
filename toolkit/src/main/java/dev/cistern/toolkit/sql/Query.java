package dev.cistern.toolkit.sql;

import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an SQL text does, as far as a cache must know.
 *
 * @param tables the tables it reads or writes, bare and in lower case: too many invalidations rather than too few
 * @param hint the time to live that a comment in it asks for; zero forbids caching
 */
record Query(Kind kind, Set<String> tables, @Nullable Duration hint) {

    /** What kinds there are. */
    enum Kind {
        /** A query whose result depends on its tables and parameters only. */
        READ,
        /** A query that changes nothing, but whose result may differ each time: random(), now(), FOR UPDATE. */
        VOLATILE,
        /** Changes rows of its tables, when the transaction commits. */
        WRITE,
        /** Changes its tables at once, since many databases commit by themselves around it: CREATE, ALTER, TRUNCATE. */
        DEFINE,
        /** Changes what later queries of this connection mean: SET, USE. */
        SESSION,
        /** Nobody knows: CALL, BEGIN, a dialect that the parser does not read. */
        OTHER
    }
}

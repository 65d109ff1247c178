package dev.cistern.toolkit.sql;

import com.github.benmanes.caffeine.cache.Caffeine;
import dev.cistern.toolkit.Cache;
import dev.cistern.toolkit.CacheBuilder;
import dev.cistern.toolkit.CacheKit;
import dev.cistern.toolkit.LoadException;
import dev.cistern.toolkit.Loader;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A DataSource whose queries are answered from a cache where rules allow it.
 *
 * <pre>{@code
 * DataSource fast = CachedDataSource.over(slow, kit)
 *         .table("products", Duration.ofMinutes(10))
 *         .staleIfError(Duration.ofHours(1))
 *         .build();
 * }</pre>
 *
 * <p>A result is kept under the database, user, schema, SQL and parameters that it came from. A write that passes
 * through invalidates every result of its tables, when it is committed. Inside a transaction, and after a statement
 * that changes the session, the cache is not asked. When the cache is down the database answers; when the database is
 * down the cache does, as long as it can. A connection is opened only when it is needed.
 * Put it around a connection pool, not into one: it lends each caller a session that nobody has changed yet.
 *
 * <p>Not seen are writes by others, by triggers, by functions and through updatable results, and what is behind a view, unless
 * {@link Builder#depends} says it. Transactions that are not made with {@code setAutoCommit} (JTA) are not seen either.
 */
public final class CachedDataSource implements DataSource {

    private static final String EVERYTHING = "*";

    private final DataSource database;
    private final CacheKit kit;
    private final Rules rules;
    private final String identity;
    private final Duration staleIfError;
    private final RowsReader reader;
    private final QueryReader queries = new QueryReader();
    private final Map<String, Session> sessions = new ConcurrentHashMap<>();
    private final Map<Duration, Cache<Key, Rows>> caches = new ConcurrentHashMap<>();
    private final com.github.benmanes.caffeine.cache.Cache<String, Boolean> notForCache = Caffeine.newBuilder()
            .maximumSize(10_000).expireAfterWrite(Duration.ofMinutes(1)).build();

    private CachedDataSource(Builder builder) {
        this.database = builder.database;
        this.kit = builder.kit;
        this.rules = new Rules(builder.hints, builder.patterns, builder.tables, builder.dependencies,
                builder.everything);
        this.identity = builder.identity;
        this.staleIfError = builder.staleIfError;
        this.reader = new RowsReader(builder.maxRows, builder.maxBytes);
        if (builder.session != null) {
            sessions.put("", builder.session);
        }
    }

    /** Describes a cache in front of {@code database}. Without a rule, nothing is cached. */
    public static Builder over(DataSource database, CacheKit kit) {
        return new Builder(database, kit);
    }

    /** The result's key and the tables it depends on. */
    private record Key(String text, List<String> tags) {}

    /** Which query is kept for how long. */
    private record Rules(boolean hints, Map<Pattern, Duration> patterns, Map<String, Duration> tables,
            Map<String, Set<String>> dependencies, Duration everything) {

        Duration ttlOf(String sql, Query query) {
            if (query.kind() != Query.Kind.READ) {
                return Duration.ZERO;
            }
            if (hints && query.hint() != null) {
                return query.hint();
            }
            for (Map.Entry<Pattern, Duration> pattern : patterns.entrySet()) {
                if (pattern.getKey().matcher(sql).find()) {
                    return pattern.getValue();
                }
            }
            Optional<Duration> shortest = query.tables().stream().map(table -> tables.getOrDefault(table, everything))
                    .min(Duration::compareTo);
            return shortest.orElse(everything);
        }
    }

    @Override
    public Connection getConnection() throws SQLException {
        return new ConnectionOverlay(this, "", database::getConnection).self();
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        return new ConnectionOverlay(this, "u" + user, () -> database.getConnection(user, password)).self();
    }

    /** Says that tables were changed by somebody else. */
    public void invalidateTables(String... tables) {
        Set<String> bare = new HashSet<>();
        for (String table : tables) {
            bare.add(QueryReader.bare(table));
        }
        changed(bare);
    }

    /** Forgets all results of this database, whoever asked. */
    public void invalidateAll() {
        changed(Set.of(EVERYTHING));
    }

    // For connections and statements.

    Query read(String sql) {
        return queries.read(sql);
    }

    Duration ttlOf(String sql, Query query) {
        return rules.ttlOf(sql, query);
    }

    RowsReader reader() {
        return reader;
    }

    /** The session of a connection that nobody has changed yet, if one was ever opened for this user. */
    @Nullable
    Session sessionOf(String user) {
        return sessions.get(user);
    }

    Session learn(String user, Connection fresh) throws SQLException {
        Session known = sessions.get(user);
        if (known != null) {
            return known;
        }
        Session learned = Session.of(fresh, identity);
        sessions.put(user, learned);
        return learned;
    }

    /** The rows from the cache, or else from {@code load}. */
    Rows rows(Session session, String question, Query query, Duration ttl, Loader<Object, Rows> load)
            throws SQLException, RowsReader.NotForCache {
        String text = String.join("\n", "#", session.database(), session.user(), session.schema(), question);
        if (notForCache.getIfPresent(text) != null) {
            throw new RowsReader.NotForCache("it was not a minute ago");
        }
        try {
            Rows rows = caches.computeIfAbsent(ttl, this::cache).get(new Key(text, tags(query.tables())), load);
            if (rows == null) {
                throw new SQLException("the database gave no result");
            }
            return rows;
        } catch (LoadException e) {
            if (e.getCause() instanceof RowsReader.NotForCache unfit) {
                notForCache.put(text, true);
                throw unfit;
            }
            if (e.getCause() instanceof SQLException failure) {
                throw failure;
            }
            throw e;
        }
    }

    void changed(Collection<String> tables) {
        if (!tables.isEmpty()) {
            kit.invalidateTags(tables.stream().map(this::tag).toArray(String[]::new));
        }
    }

    void changedAnything() {
        changed(Set.of(EVERYTHING));
    }

    private Cache<Key, Rows> cache(Duration ttl) {
        CacheBuilder<Key, Rows> builder = kit.cache("sql", Key.class, new RowsCodec()).keyText(Key::text).taggedBy(
                Key::tags).ttl(ttl).compressFrom(4_096);
        return staleIfError.isZero()
                ? builder.build()
                : builder.staleIfError(staleIfError, CachedDataSource::databaseIsGone).build();
    }

    /** Not for a query that is wrong, which the application must hear of, nor for a result that outgrew the limits. */
    private static boolean databaseIsGone(Throwable failure) {
        return failure instanceof SQLException e && !String.valueOf(e.getSQLState()).startsWith("42");
    }

    private List<String> tags(Set<String> tables) {
        Set<String> all = new TreeSet<>(tables);
        all.add(EVERYTHING);
        tables.forEach(table -> all.addAll(rules.dependencies().getOrDefault(table, Set.of())));
        return all.stream().map(this::tag).toList();
    }

    /** By the configured name if there is one, for then another DataSource of another JVM has the same. */
    private String tag(String table) {
        return "sql " + identity + " " + table;
    }

    // DataSource's own small print.

    @Override
    public PrintWriter getLogWriter() throws SQLException {
        return database.getLogWriter();
    }

    @Override
    public void setLogWriter(PrintWriter out) throws SQLException {
        database.setLogWriter(out);
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
        database.setLoginTimeout(seconds);
    }

    @Override
    public int getLoginTimeout() throws SQLException {
        return database.getLoginTimeout();
    }

    @Override
    public Logger getParentLogger() {
        return Logger.getLogger("dev.cistern.toolkit.sql");
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        return type.isInstance(this)
                ? type.cast(this)
                : type.isInstance(database) ? type.cast(database) : database.unwrap(type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) throws SQLException {
        return type.isInstance(this) || type.isInstance(database) || database.isWrapperFor(type);
    }

    /** Rules and limits. Of the rules, a hint decides before a pattern, a pattern before tables. */
    public static final class Builder {

        private final DataSource database;
        private final CacheKit kit;
        private final Map<Pattern, Duration> patterns = new LinkedHashMap<>();
        private final Map<String, Duration> tables = new HashMap<>();
        private final Map<String, Set<String>> dependencies = new HashMap<>();
        private Duration everything = Duration.ZERO;
        private Duration staleIfError = Duration.ZERO;
        private boolean hints;
        private String identity = "";
        private @Nullable Session session;
        private int maxRows = 10_000;
        private long maxBytes = 1 << 20;

        private Builder(DataSource database, CacheKit kit) {
            this.database = database;
            this.kit = kit;
        }

        /** Keeps results that come from this table; from several, only if each has a rule, for the shortest time. */
        public Builder table(String table, Duration ttl) {
            tables.put(QueryReader.bare(table), ttl);
            return this;
        }

        /** Keeps results of the SQL in which this regular expression is found, without regard to case. Zero: never. */
        public Builder pattern(String regex, Duration ttl) {
            patterns.put(Pattern.compile(regex, Pattern.CASE_INSENSITIVE | Pattern.DOTALL), ttl);
            return this;
        }

        /** Obeys comments in the SQL: {@code /* CACHE_PARAM(ttl=300s) *}{@code /}. */
        public Builder hints() {
            hints = true;
            return this;
        }

        /** Keeps the results of all queries that no other rule speaks of. */
        public Builder everyQuery(Duration ttl) {
            everything = ttl;
            return this;
        }

        /** Results of {@code table} (or view) also change when one of {@code others} does: by a view, by a trigger. */
        public Builder depends(String table, String... others) {
            Set<String> all = dependencies.computeIfAbsent(QueryReader.bare(table), name -> new HashSet<>());
            for (String other : others) {
                all.add(QueryReader.bare(other));
            }
            return this;
        }

        /** For so long after its time a result is kept, for when the database fails. */
        public Builder staleIfError(Duration extra) {
            staleIfError = extra;
            return this;
        }

        /** Larger results pass by the cache. 10,000 rows and 1 MiB if nothing is said. */
        public Builder limits(int rows, long bytes) {
            maxRows = rows;
            maxBytes = bytes;
            return this;
        }

        /** The database's name in keys; its URL if nothing is said, which may differ among applications. */
        public Builder identity(String name) {
            identity = name.toLowerCase(Locale.ROOT);
            return this;
        }

        /**
         * The same with what a connection would tell, so that cached results are found even if the database was never
         * reached since this JVM started: the user, and the schema as {@code catalog.schema}.
         */
        public Builder identity(String name, String user, String schema) {
            identity(name);
            session = new Session(identity, user, schema, true);
            return this;
        }

        /** The DataSource. */
        public CachedDataSource build() {
            return new CachedDataSource(this);
        }
    }
}

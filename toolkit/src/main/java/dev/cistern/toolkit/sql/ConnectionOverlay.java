package dev.cistern.toolkit.sql;

import java.lang.reflect.Method;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A connection that is opened when something needs it, and knows whether the cache may be asked now.
 *
 * <p>It may while every statement is its own transaction and nobody changed the session. Writes inside a transaction
 * are remembered, and their tables are invalidated after the commit: before it, another reader would store the old rows
 * again.
 */
final class ConnectionOverlay extends Overlay {

    private final CachedDataSource source;
    private final String user;
    private final Opener opener;
    private final Connection self;
    private final Set<String> writtenTables = new HashSet<>();
    private @Nullable Connection physical;
    private @Nullable Session session;
    private @Nullable Boolean autoCommit;
    private boolean anythingWritten;
    private boolean sessionChanged;
    private boolean closed;

    /** Opens the connection to the database. */
    @FunctionalInterface
    interface Opener {
        Connection open() throws SQLException;
    }

    ConnectionOverlay(CachedDataSource source, String user, Opener opener) {
        this.source = source;
        this.user = user;
        this.opener = opener;
        this.self = as(Connection.class);
    }

    @Override
    @Nullable
    Object others(Method method, Object[] arguments) throws Throwable {
        Object answer = method.invoke(physical(), arguments);
        if (answer instanceof CallableStatement call) {
            return new StatementOverlay(this, CallableStatement.class, null, false, () -> call).self();
        }
        if (answer instanceof PreparedStatement prepared) {
            return new StatementOverlay(this, PreparedStatement.class, (String) arguments[0], false, () -> prepared)
                    .self();
        }
        return answer;
    }

    // Statements.

    public Statement createStatement() throws SQLException {
        requireOpen();
        return new StatementOverlay(this, Statement.class, null, false, () -> physical().createStatement()).self();
    }

    public Statement createStatement(int type, int concurrency) throws SQLException {
        requireOpen();
        return scrolling(null, type, concurrency, () -> physical().createStatement(type, concurrency)).self();
    }

    public Statement createStatement(int type, int concurrency, int holdability) throws SQLException {
        requireOpen();
        return scrolling(null, type, concurrency, () -> physical().createStatement(type, concurrency, holdability))
                .self();
    }

    public PreparedStatement prepareStatement(String sql) throws SQLException {
        requireOpen();
        return (PreparedStatement) new StatementOverlay(this, PreparedStatement.class, sql, false,
                () -> physical().prepareStatement(sql)).self();
    }

    public PreparedStatement prepareStatement(String sql, int type, int concurrency) throws SQLException {
        requireOpen();
        return (PreparedStatement) scrolling(sql, type, concurrency, () -> physical().prepareStatement(sql, type,
                concurrency)).self();
    }

    public PreparedStatement prepareStatement(String sql, int type, int concurrency, int holdability)
            throws SQLException {
        requireOpen();
        return (PreparedStatement) scrolling(sql, type, concurrency, () -> physical().prepareStatement(sql, type,
                concurrency, holdability)).self();
    }

    private StatementOverlay scrolling(@Nullable String sql, int type, int concurrency,
            StatementOverlay.Opener opening) {
        StatementOverlay statement = new StatementOverlay(this, sql == null
                ? Statement.class
                : PreparedStatement.class, sql, type == ResultSet.TYPE_SCROLL_INSENSITIVE, opening);
        if (type == ResultSet.TYPE_SCROLL_SENSITIVE || concurrency != ResultSet.CONCUR_READ_ONLY) {
            statement.neverCached();
        }
        return statement;
    }

    // Transactions.

    public boolean getAutoCommit() throws SQLException {
        requireOpen();
        return autoCommit != null ? autoCommit : session().autoCommit();
    }

    public void setAutoCommit(boolean on) throws SQLException {
        requireOpen();
        boolean commits = on && !getAutoCommit();
        if (physical != null) {
            physical.setAutoCommit(on);
        }
        autoCommit = on;
        if (commits) {
            committed();
        }
    }

    public void commit() throws SQLException {
        try {
            physical().commit();
        } finally {
            // After a failed commit nobody knows what was committed.
            committed();
        }
    }

    public void rollback() throws SQLException {
        physical().rollback();
        writtenTables.clear();
        anythingWritten = false;
    }

    private void committed() {
        if (anythingWritten) {
            source.changedAnything();
        } else {
            source.changed(writtenTables);
        }
        writtenTables.clear();
        anythingWritten = false;
    }

    /** A statement that is {@code query} has run, well or not. */
    void ran(Query query) throws SQLException {
        switch (query.kind()) {
            case READ, VOLATILE -> {
            }
            case WRITE -> writtenTables.addAll(query.tables());
            case DEFINE -> {
                source.changed(query.tables());
                writtenTables.addAll(query.tables());
            }
            case SESSION -> sessionChanged = true;
            case OTHER -> {
                sessionChanged = true;
                anythingWritten = true;
            }
        }
        if (getAutoCommit()) {
            committed();
        }
    }

    // The session.

    public void setSchema(String schema) throws SQLException {
        physical().setSchema(schema);
        session = session().inSchema(Session.schemaOf(physical()));
    }

    public void setCatalog(String catalog) throws SQLException {
        physical().setCatalog(catalog);
        session = session().inSchema(Session.schemaOf(physical()));
    }

    Session session() throws SQLException {
        if (session == null) {
            session = source.sessionOf(user);
        }
        if (session == null) {
            session = source.learn(user, physical());
        }
        return session;
    }

    boolean mayAskCache() throws SQLException {
        return !sessionChanged && getAutoCommit();
    }

    CachedDataSource source() {
        return source;
    }

    Connection self() {
        return self;
    }

    // Opening and closing.

    private Connection physical() throws SQLException {
        requireOpen();
        Connection open = physical;
        if (open == null) {
            open = opener.open();
            physical = open;
            Session fresh = source.learn(user, open);
            if (autoCommit != null && autoCommit != fresh.autoCommit()) {
                open.setAutoCommit(autoCommit);
            }
        }
        return open;
    }

    public void close() throws SQLException {
        if (closed) {
            return;
        }
        closed = true;
        try {
            if (physical != null) {
                physical.close();
            }
        } finally {
            // Some databases commit what is open when a connection closes.
            committed();
        }
    }

    public boolean isClosed() throws SQLException {
        return closed || (physical != null && physical.isClosed());
    }

    public boolean isValid(int timeoutSeconds) {
        try {
            return !closed && physical().isValid(timeoutSeconds);
        } catch (SQLException e) {
            return false;
        }
    }

    public boolean isWrapperFor(Class<?> type) throws SQLException {
        return type.isInstance(self) || physical().isWrapperFor(type);
    }

    public <T> T unwrap(Class<T> type) throws SQLException {
        if (type.equals(Connection.class)) {
            return type.cast(self);
        }
        // Whoever goes behind our back may change the session without our seeing it.
        sessionChanged = true;
        Connection open = physical();
        return type.isInstance(open) ? type.cast(open) : open.unwrap(type);
    }

    private void requireOpen() throws SQLException {
        if (closed) {
            throw new SQLException("The connection is closed", "08003");
        }
    }
}

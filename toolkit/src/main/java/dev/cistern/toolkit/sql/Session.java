package dev.cistern.toolkit.sql;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.Objects;

/** Who asks whom: what a connection is before anybody changes it, and what a cached result depends on besides SQL. */
record Session(String database, String user, String schema, boolean autoCommit) {

    /** Asks a fresh connection. */
    static Session of(Connection connection, String database) throws SQLException {
        DatabaseMetaData metaData = connection.getMetaData();
        return new Session(database.isEmpty() ? String.valueOf(metaData.getURL()) : database, String.valueOf(metaData
                .getUserName()), schemaOf(connection), connection.getAutoCommit());
    }

    Session inSchema(String other) {
        return new Session(database, user, other, autoCommit);
    }

    static String schemaOf(Connection connection) throws SQLException {
        String catalog = Objects.requireNonNullElse(connection.getCatalog(), "");
        try {
            return catalog + "." + Objects.requireNonNullElse(connection.getSchema(), "");
        } catch (SQLFeatureNotSupportedException | AbstractMethodError e) {
            // A driver from before JDBC 4.1, whose databases have catalogs instead.
            return catalog;
        }
    }
}

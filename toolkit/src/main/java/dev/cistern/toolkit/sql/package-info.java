/**
 * A cache for the results of SQL queries, as a DataSource around a DataSource: the application's code stays as it is.
 *
 * <p>It is not a database proxy: it sees what passes through it and nothing else. Changes that others make are seen
 * when the time to live ends, or when somebody says so. Everything runs on the thread that uses the connection, and a
 * connection is used by one thread at a time, as JDBC wants it.
 */
@NullMarked
package dev.cistern.toolkit.sql;

import org.jspecify.annotations.NullMarked;

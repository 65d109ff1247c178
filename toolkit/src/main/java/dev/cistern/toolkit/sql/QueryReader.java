package dev.cistern.toolkit.sql;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.sf.jsqlparser.JSQLParserException;
import net.sf.jsqlparser.expression.Function;
import net.sf.jsqlparser.expression.JdbcNamedParameter;
import net.sf.jsqlparser.expression.NextValExpression;
import net.sf.jsqlparser.expression.TimeKeyExpression;
import net.sf.jsqlparser.expression.UserVariable;
import net.sf.jsqlparser.parser.CCJSqlParserUtil;
import net.sf.jsqlparser.schema.Column;
import net.sf.jsqlparser.schema.Table;
import net.sf.jsqlparser.statement.DescribeStatement;
import net.sf.jsqlparser.statement.ExplainStatement;
import net.sf.jsqlparser.statement.ResetStatement;
import net.sf.jsqlparser.statement.SetStatement;
import net.sf.jsqlparser.statement.ShowColumnsStatement;
import net.sf.jsqlparser.statement.ShowStatement;
import net.sf.jsqlparser.statement.Statement;
import net.sf.jsqlparser.statement.UseStatement;
import net.sf.jsqlparser.statement.alter.Alter;
import net.sf.jsqlparser.statement.create.table.CreateTable;
import net.sf.jsqlparser.statement.delete.Delete;
import net.sf.jsqlparser.statement.drop.Drop;
import net.sf.jsqlparser.statement.insert.Insert;
import net.sf.jsqlparser.statement.merge.Merge;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.Select;
import net.sf.jsqlparser.statement.show.ShowTablesStatement;
import net.sf.jsqlparser.statement.truncate.Truncate;
import net.sf.jsqlparser.statement.update.Update;
import net.sf.jsqlparser.statement.upsert.Upsert;
import net.sf.jsqlparser.util.TablesNamesFinder;
import org.jspecify.annotations.Nullable;

/**
 * Reads SQL with a real parser, JSqlParser, and tells what it does. Remembers what it read, since applications say the
 * same few things over and over. What it cannot parse counts as {@link Query.Kind#OTHER}, the careful answer.
 */
final class QueryReader {

    private static final int REMEMBERED = 10_000;

    /** The spelling of the AWS JDBC wrapper, so that hints in existing code go on working. */
    private static final Pattern HINT = Pattern.compile(
            "/\\*\\+?\\s*CACHE_PARAM\\(\\s*ttl\\s*=\\s*(\\d{1,9})\\s*(ms|s|m|h)\\s*\\)\\s*\\*/",
            Pattern.CASE_INSENSITIVE);

    /** Functions that answer differently each time, depend on who asks, or do something. */
    private static final Set<String> VOLATILE_FUNCTIONS = Set.of("now", "sysdate", "systimestamp", "getdate",
            "getutcdate", "sysdatetime", "curdate", "curtime", "current_date", "current_time", "current_timestamp",
            "localtime", "localtimestamp", "utc_date", "utc_time", "utc_timestamp", "unix_timestamp",
            "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday", "age", "today",
            "rand", "random", "random_uuid", "uuid", "uuid_short", "gen_random_uuid", "uuid_generate_v1",
            "uuid_generate_v4", "newid", "newsequentialid", "sys_guid", "secure_rand", "random_bytes",
            "nextval", "currval", "lastval", "setval", "last_insert_id", "scope_identity", "identity", "found_rows",
            "row_count", "last_insert_rowid", "changes", "connection_id", "session_id", "pg_backend_pid",
            "txid_current", "pg_current_xact_id", "user", "current_user", "session_user", "system_user", "current_role",
            "current_schema", "schema", "database", "current_database", "current_setting", "set_config", "sleep",
            "pg_sleep", "benchmark", "load_file", "get_lock", "release_lock", "pg_advisory_lock", "dblink", "lock_mode",
            "memory_used", "memory_free", "csvread", "file_read", "link_schema");

    private final Cache<String, Query> read = Caffeine.newBuilder().maximumSize(REMEMBERED).build();

    /** What {@code sql} does. */
    Query read(String sql) {
        return read.get(sql, QueryReader::understand);
    }

    private static Query understand(String sql) {
        try {
            List<Statement> statements = CCJSqlParserUtil.parseStatements(sql);
            // A second statement may do anything, and its result is another one.
            return statements.size() == 1
                    ? understand(statements.get(0), hintOf(sql))
                    : new Query(Query.Kind.OTHER, Set.of(), null);
        } catch (JSQLParserException | RuntimeException | StackOverflowError e) {
            return new Query(Query.Kind.OTHER, Set.of(), null);
        }
    }

    private static Query understand(Statement statement, @Nullable Duration hint) {
        if (statement instanceof ShowStatement || statement instanceof ShowColumnsStatement
                || statement instanceof ShowTablesStatement || statement instanceof DescribeStatement) {
            return new Query(Query.Kind.VOLATILE, Set.of(), hint);
        }
        Finder finder = new Finder();
        Query.Kind kind = kindOf(statement, finder);
        return new Query(kind, kind == Query.Kind.SESSION || kind == Query.Kind.OTHER
                ? Set.of()
                : tablesOf(statement, finder), hint);
    }

    private static Set<String> tablesOf(Statement statement, Finder finder) {
        Set<String> tables = new HashSet<>();
        if (statement instanceof Drop drop) {
            tables.add(bare(drop.getName().getFullyQualifiedName()));
        } else if (statement instanceof Truncate truncate) {
            tables.add(bare(truncate.getTable().getFullyQualifiedName()));
        } else if (statement instanceof Alter alter) {
            tables.add(bare(alter.getTable().getFullyQualifiedName()));
        } else {
            finder.getTables(statement).forEach(name -> tables.add(bare(name)));
        }
        return Set.copyOf(tables);
    }

    private static Query.Kind kindOf(Statement statement, Finder finder) {
        if (statement instanceof Select select) {
            finder.getTables(statement);
            boolean lasts = !finder.isVolatile && select.getForMode() == null;
            return lasts ? Query.Kind.READ : Query.Kind.VOLATILE;
        }
        if (statement instanceof ExplainStatement explain) {
            return explain.getStatement() != null ? Query.Kind.VOLATILE : Query.Kind.OTHER;
        }
        if (statement instanceof SetStatement || statement instanceof UseStatement
                || statement instanceof ResetStatement) {
            return Query.Kind.SESSION;
        }
        boolean writes = statement instanceof Insert || statement instanceof Update || statement instanceof Delete
                || statement instanceof Merge || statement instanceof Upsert;
        boolean defines = statement instanceof Truncate || statement instanceof CreateTable
                || statement instanceof Alter || statement instanceof Drop;
        return writes ? Query.Kind.WRITE : defines ? Query.Kind.DEFINE : Query.Kind.OTHER;
    }

    private static @Nullable Duration hintOf(String sql) {
        Matcher hint = HINT.matcher(sql);
        if (!hint.find()) {
            return null;
        }
        long number = Long.parseLong(hint.group(1));
        return switch (hint.group(2).toLowerCase(Locale.ROOT)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            default -> Duration.ofHours(number);
        };
    }

    /** The last part of a name without its quotes; two schemas' tables of one name are taken for one. */
    static String bare(String name) {
        String last = name.substring(name.lastIndexOf('.') + 1);
        return last.replaceAll("[\"`\\[\\]]", "").toLowerCase(Locale.ROOT);
    }

    /** Collects tables, and looks out for what makes an answer differ from one call to the next. */
    private static final class Finder extends TablesNamesFinder<Void> {

        private boolean isVolatile;

        @Override
        public <S> Void visit(Function function, S context) {
            isVolatile |= VOLATILE_FUNCTIONS.contains(bare(function.getName()));
            return super.visit(function, context);
        }

        @Override
        public <S> Void visit(TimeKeyExpression time, S context) {
            isVolatile = true;
            return super.visit(time, context);
        }

        @Override
        public <S> Void visit(NextValExpression next, S context) {
            isVolatile = true;
            return super.visit(next, context);
        }

        @Override
        public <S> Void visit(UserVariable variable, S context) {
            isVolatile = true;
            return super.visit(variable, context);
        }

        @Override
        public <S> Void visit(JdbcNamedParameter parameter, S context) {
            isVolatile = true;
            return super.visit(parameter, context);
        }

        /** CURRENT_USER and its like are written without parentheses, and so parsed as columns. */
        @Override
        public <S> Void visit(Column column, S context) {
            isVolatile |= column.getTable() == null && VOLATILE_FUNCTIONS.contains(bare(column.getColumnName()));
            return super.visit(column, context);
        }

        @Override
        public <S> Void visit(PlainSelect select, S context) {
            List<Table> into = select.getIntoTables();
            isVolatile |= (into != null && !into.isEmpty()) || select.getForMode() != null;
            return super.visit(select, context);
        }
    }
}

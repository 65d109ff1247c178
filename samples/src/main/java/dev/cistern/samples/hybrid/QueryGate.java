package dev.cistern.samples.hybrid;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import net.sf.jsqlparser.JSQLParserException;
import net.sf.jsqlparser.parser.CCJSqlParserUtil;
import net.sf.jsqlparser.statement.DescribeStatement;
import net.sf.jsqlparser.statement.ExplainStatement;
import net.sf.jsqlparser.statement.ShowColumnsStatement;
import net.sf.jsqlparser.statement.ShowStatement;
import net.sf.jsqlparser.statement.Statement;
import net.sf.jsqlparser.statement.select.Select;
import net.sf.jsqlparser.statement.show.ShowTablesStatement;

/**
 * What the page's query box may do: one SELECT, SHOW, DESCRIBE or EXPLAIN, and in it only functions that are known to do
 * no harm. It is the first of two walls; the second is a connection that may only read.
 *
 * <p>The text is parsed, written anew from what the parser understood, and only that is sent. So what was looked at is
 * what runs: no comment that one database executes, no quote that another ends elsewhere. Backslashes, over which
 * databases differ, are refused. Functions are found by their parenthesis in the new text and not in the parser's tree,
 * since a walk over a tree that skips one clause would let through what stands there.
 */
final class QueryGate {

    private static final int MOST_CHARACTERS = 4_000;

    /** Functions that compute and nothing else; with them the types that CAST writes like functions. */
    private static final Set<String> FUNCTIONS = Set.of("count", "sum", "avg", "min", "max", "stddev", "variance",
            "median", "round", "floor", "ceil", "ceiling", "abs", "mod", "power", "sqrt", "sign", "ln", "log", "exp",
            "upper", "lower", "trim", "ltrim", "rtrim", "length", "char_length", "substring", "substr", "left", "right",
            "replace", "concat", "position", "coalesce", "nullif", "ifnull", "greatest", "least", "if", "cast",
            "extract", "year", "month", "day", "hour", "minute", "second", "quarter", "week", "date", "date_trunc",
            "date_format", "to_char", "dayname", "monthname", "day_of_week", "dayofweek", "day_of_year", "dayofyear",
            "row_number", "rank", "dense_rank", "ntile", "lag", "lead", "first_value", "last_value", "percent_rank",
            "cume_dist", "decimal", "numeric", "varchar", "char", "timestamp", "time", "filter");

    /** Words after which a parenthesis opens no function. */
    private static final Set<String> WORDS = Set.of("select", "from", "where", "and", "or", "not", "in", "exists", "as",
            "on", "using", "over", "values", "any", "all", "some", "when", "then", "else", "case", "between", "like",
            "union", "intersect", "except", "join", "by", "having", "distinct", "is", "offset", "limit", "fetch",
            "explain", "partition", "group", "lateral", "interval", "sets", "rollup", "cube", "with", "recursive");

    /** Words that do not belong into a question. */
    private static final Set<String> REFUSED_WORDS = Set.of("into", "outfile", "dumpfile", "insert", "update", "delete",
            "merge", "truncate", "drop", "alter", "create", "grant", "revoke", "call", "execute", "copy", "load",
            "handler", "procedure", "lock", "analyze", "set");

    private QueryGate() {}

    /** What the user asked for, ready to be run. */
    sealed interface Question {

        /** A SELECT, which may be answered from the cache. */
        record Rows(String sql) implements Question {}

        /** An EXPLAIN or a SHOW of the database's own, which always goes there. */
        record Told(String sql) implements Question {}

        /** SHOW TABLES. */
        record Tables() implements Question {}

        /** DESCRIBE table, SHOW COLUMNS FROM table. */
        record Columns(String table) implements Question {}
    }

    /** The query box will not do this; the message says why, to its user. */
    static final class RefusedException extends Exception {

        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    /** Lets {@code text} through as a question, or says why not. */
    static Question admit(String text) throws RefusedException {
        if (text.length() > MOST_CHARACTERS) {
            throw new RefusedException("The query is longer than " + MOST_CHARACTERS + " characters.");
        }
        if (text.indexOf('\\') >= 0 || text.indexOf('\0') >= 0) {
            throw new RefusedException("Backslashes are refused: databases read them differently.");
        }
        return questionOf(only(parse(text.strip())));
    }

    private static List<Statement> parse(String text) throws RefusedException {
        if (text.isEmpty()) {
            throw new RefusedException("There is no query.");
        }
        try {
            return CCJSqlParserUtil.parseStatements(text);
        } catch (JSQLParserException | RuntimeException | StackOverflowError e) {
            throw new RefusedException("This is not SQL that the demo understands"
                    + " (SELECT, SHOW, DESCRIBE or EXPLAIN).");
        }
    }

    private static Statement only(List<Statement> statements) throws RefusedException {
        if (statements.size() != 1 || statements.getFirst() == null) {
            throw new RefusedException("One statement at a time.");
        }
        return statements.getFirst();
    }

    private static Question questionOf(Statement statement) throws RefusedException {
        return switch (statement) {
            case Select select -> new Question.Rows(checked(select));
            case ExplainStatement explain when explain.getTable() != null ->
                new Question.Columns(explain.getTable().getName());
            case ExplainStatement explain when explain.getStatement() != null ->
                new Question.Told("EXPLAIN " + checked(explain.getStatement()));
            case DescribeStatement describe -> new Question.Columns(describe.getTable().getName());
            case ShowColumnsStatement columns -> new Question.Columns(columns.getTableName());
            case ShowTablesStatement _ -> new Question.Tables();
            case ShowStatement show when show.getName().matches("\\w+( \\w+)?") ->
                new Question.Told("SHOW " + show.getName());
            default -> throw new RefusedException("Only SELECT, SHOW, DESCRIBE and EXPLAIN.");
        };
    }

    /** The statement as the parser writes it, after a look at every word of that. */
    private static String checked(Select select) throws RefusedException {
        if (select.getForMode() != null) {
            throw new RefusedException("A query that locks rows is refused.");
        }
        String sql = select.toString();
        String previous = "";
        int at = 0;
        while (at < sql.length()) {
            char c = sql.charAt(at);
            if (c == '\'' || c == '"' || c == '`') {
                int end = endOfQuoted(sql, at);
                // A quoted name may be a function's; a string never is.
                previous = c == '\'' ? "" : sql.substring(at + 1, end - 1).toLowerCase(Locale.ROOT);
                at = end;
            } else if (Character.isLetter(c) || c == '_') {
                int end = endOfWord(sql, at);
                previous = sql.substring(at, end).toLowerCase(Locale.ROOT);
                requireHarmless(previous);
                at = end;
            } else {
                requireHarmless(sql, at);
                if (c == '(') {
                    requireKnown(previous);
                }
                previous = Character.isWhitespace(c) ? previous : "";
                at++;
            }
        }
        return sql;
    }

    private static int endOfQuoted(String sql, int start) throws RefusedException {
        char quote = sql.charAt(start);
        for (int at = start + 1; at < sql.length(); at++) {
            boolean isDoubled = at + 1 < sql.length() && sql.charAt(at + 1) == quote;
            if (sql.charAt(at) == quote && !isDoubled) {
                return at + 1;
            }
            at += sql.charAt(at) == quote ? 1 : 0;
        }
        throw new RefusedException("A quotation does not end.");
    }

    private static int endOfWord(String sql, int start) {
        int end = start;
        while (end < sql.length() && (Character.isLetterOrDigit(sql.charAt(end)) || sql.charAt(end) == '_')) {
            end++;
        }
        return end;
    }

    private static void requireHarmless(String word) throws RefusedException {
        if (REFUSED_WORDS.contains(word)) {
            throw new RefusedException("The word " + word.toUpperCase(Locale.ROOT)
                    + " is refused: this page only reads.");
        }
    }

    /** Signs that mean a variable, a placeholder, a comment or a quotation to some database. */
    private static void requireHarmless(String sql, int at) throws RefusedException {
        boolean isComment = sql.startsWith("--", at) || sql.startsWith("/*", at);
        if (isComment || "@#$?{};".indexOf(sql.charAt(at)) >= 0) {
            throw new RefusedException("The sign " + sql.charAt(at) + " is refused here.");
        }
    }

    private static void requireKnown(String beforeParenthesis) throws RefusedException {
        boolean isFine = beforeParenthesis.isEmpty() || FUNCTIONS.contains(beforeParenthesis)
                || WORDS.contains(beforeParenthesis);
        if (!isFine) {
            throw new RefusedException("The function " + beforeParenthesis.toUpperCase(Locale.ROOT)
                    + " is not among those that this page may call.");
        }
    }
}

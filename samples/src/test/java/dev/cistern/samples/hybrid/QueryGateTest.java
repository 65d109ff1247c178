package dev.cistern.samples.hybrid;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** What the query box lets through, and the tricks that it does not. */
final class QueryGateTest {

    @ParameterizedTest
    @ValueSource(strings = {"SELECT * FROM incidents LIMIT 20 OFFSET 5",
            "select * from incidents where street = 'ROSE HOUSE  ST'",
            "SELECT district, COUNT(*) AS n, AVG(severity) FROM incidents GROUP BY district HAVING COUNT(*) > 3 ORDER BY n DESC",
            "SELECT CAST(latitude AS DECIMAL(8, 2)) FROM incidents",
            "SELECT * FROM (SELECT kind, ROW_NUMBER() OVER (PARTITION BY kind ORDER BY incident_id) AS n FROM incidents) AS t WHERE n < 3",
            "WITH busy AS (SELECT district FROM incidents WHERE severity > 4) SELECT COUNT(*) FROM busy",
            "SELECT 1 WHERE 'it''s -- no comment; /* nor this */' <> ''",
            "SELECT * FROM incidents WHERE kind IN ('Graffiti', 'Quarrel') AND (severity = 1 OR severity = 2);",
            "SELECT a.kind FROM incidents a JOIN incidents b ON (a.incident_id = b.incident_id) WHERE EXISTS (SELECT 1)",
            "SELECT COUNT(*) FROM incidents -- how many are there?", "SELECT CASE WHEN (1 = 1) THEN (2) ELSE (3) END"})
    void questionsPass(String sql) throws Exception {
        assertThat(QueryGate.admit(sql)).isInstanceOf(QueryGate.Question.Rows.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT LOAD_FILE('/etc/passwd')", "SELECT SLEEP(5)", "SELECT sleep (5)",
            "SELECT 1 ORDER BY sleep(5)", "SELECT 1 LIMIT 1 OFFSET sleep(1)", "SELECT `sleep`(5)",
            "SELECT \"pg_sleep\"(5)", "SELECT pg_catalog.pg_sleep(5)", "SELECT sleep/**/(5)",
            "SELECT * FROM incidents INTO OUTFILE '/tmp/x'", "SELECT * INTO other FROM incidents",
            "SELECT pg_read_file('/etc/passwd')", "SELECT * FROM CSVREAD('/etc/passwd')", "SELECT FILE_READ('/x')",
            "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE incidents", "DELETE FROM incidents", "DROP TABLE incidents",
            "INSERT INTO incidents VALUES (1)", "SELECT * FROM incidents FOR UPDATE", "CALL something()", "SET x = 1",
            "WITH gone AS (DELETE FROM incidents RETURNING *) SELECT * FROM gone", "EXPLAIN DELETE FROM incidents",
            "EXPLAIN ANALYZE DELETE FROM incidents", "SELECT @@datadir", "SELECT @a := 1",
            "SELECT '\\'' , LOAD_FILE('/etc/passwd') -- '", "SELECT BENCHMARK(1000000, MD5('a'))",
            "SELECT dblink('host=other', 'SELECT 1')", "SELECT lo_import('/etc/passwd')", "SELECT ?", "SHOW",
            "SELECT * FROM incidents PROCEDURE ANALYSE()", "EXPLAIN SELECT SLEEP(5)", "", "   ", "nonsense",
            "SELECT * FROM generate_series(1, 1000000000)", "SELECT $$x$$",
            "SELECT query_to_xml('DELETE', true, true, '')",
            "SHOW TABLES; DROP TABLE incidents", "BEGIN", "COPY incidents TO '/tmp/x'"})
    void tricksDoNot(String sql) {
        assertThatThrownBy(() -> QueryGate.admit(sql)).isInstanceOf(QueryGate.RefusedException.class)
                .message().isNotBlank();
    }

    /** A comment that only one database executes never reaches it: what is sent was written anew. */
    @Test
    void commentsAreNotSentOn() throws Exception {
        QueryGate.Question question = QueryGate.admit("SELECT 1 /*! INTO OUTFILE '/tmp/x' */ FROM incidents");
        assertThat(question).isEqualTo(new QueryGate.Question.Rows("SELECT 1 FROM incidents"));
    }

    @Test
    void theDatabaseMayBeAskedAboutItself() throws Exception {
        assertThat(QueryGate.admit("show tables")).isEqualTo(new QueryGate.Question.Tables());
        assertThat(QueryGate.admit("DESCRIBE incidents")).isEqualTo(new QueryGate.Question.Columns("incidents"));
        assertThat(QueryGate.admit("SHOW COLUMNS FROM incidents")).isEqualTo(new QueryGate.Question.Columns(
                "incidents"));
        assertThat(QueryGate.admit("EXPLAIN SELECT 1")).isEqualTo(new QueryGate.Question.Told("EXPLAIN SELECT 1"));
    }

    @Test
    void aNovelIsNoQuery() {
        assertThatThrownBy(() -> QueryGate.admit("SELECT '" + "x".repeat(5_000) + "'")).hasMessageContaining("longer");
    }
}

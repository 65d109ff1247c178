package dev.cistern.toolkit.sql;

import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/** What the reader makes of SQL. */
final class QueryReaderTest {

    private final QueryReader reader = new QueryReader();

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
            select * from a                                                      | READ     | a
            select * from a LIMIT 20 OFFSET 5                                    | READ     | a
            select * from a where street = 'ROSE HOUSE  ST'                      | READ     | a
            select x.n from "S"."Users" x join s2.orders o on o.u = x.id         | READ     | users,orders
            with t as (select * from a) select * from t where n in (select n from b) | READ | a,b
            select n from a union all select n from b                            | READ     | a,b
            select count(*), upper(name) from a group by name having count(*)>1  | READ     | a
            select (select max(n) from b) from a                                 | READ     | a,b
            select 1                                                             | READ     |
            select now(), n from a                                               | VOLATILE | a
            select current_timestamp from a                                      | VOLATILE | a
            select current_user from a                                           | VOLATILE | a
            select * from a where n < random()                                   | VOLATILE | a
            select * from a where d > current_date                               | VOLATILE | a
            select * from a for update                                           | VOLATILE | a
            select next value for s                                              | VOLATILE |
            select nextval('s')                                                  | VOLATILE |
            select LOAD_FILE('/etc/passwd')                                      | VOLATILE |
            select SLEEP(5)                                                      | VOLATILE |
            select @x from a                                                     | VOLATILE | a
            show tables                                                          | VOLATILE |
            explain select * from a                                              | VOLATILE | a
            insert into a (n) select n from b                                    | WRITE    | a,b
            insert into a values (1)                                             | WRITE    | a
            update a set n = 1 where n in (select n from b)                      | WRITE    | a,b
            delete from a where n = 1                                            | WRITE    | a
            merge into a using b on (a.n = b.n) when matched then update set a.m = b.m | WRITE | a,b
            truncate table a                                                     | DEFINE   | a
            drop table s.a                                                       | DEFINE   | a
            alter table a add column m int                                       | DEFINE   | a
            create table a (n int)                                               | DEFINE   | a
            set search_path = x                                                  | SESSION  |
            use other                                                            | SESSION  |
            call recount()                                                       | OTHER    |
            begin                                                                | OTHER    |
            commit                                                               | OTHER    |
            select * from a; delete from b                                       | OTHER    |
            this is no sql at all                                                | OTHER    |
            select * from a into outfile '/tmp/x'                                | OTHER    |
            """)
    void readsWhatSqlDoes(String sql, Query.Kind kind, String tables) {
        Query query = reader.read(sql);
        assertThat(query.kind()).as(sql).isEqualTo(kind);
        if (kind != Query.Kind.VOLATILE) {
            assertThat(query.tables()).as(sql).isEqualTo(tables == null ? Set.of() : Set.of(tables.split(",", -1)));
        }
    }

    @Test
    void hintsAreReadInTheSpellingOfTheAwsWrapper() {
        assertThat(reader.read("/* CACHE_PARAM(ttl=300s) */ select * from a").hint()).isEqualTo(Duration.ofMinutes(5));
        assertThat(reader.read("/*+ cache_param(ttl=5m)*/ select * from a").hint()).isEqualTo(Duration.ofMinutes(5));
        assertThat(reader.read("select /* CACHE_PARAM(ttl=250ms) */ * from a").hint()).isEqualTo(Duration.ofMillis(
                250));
        assertThat(reader.read("/* CACHE_PARAM(ttl=0s) */ select * from a").hint()).isEqualTo(Duration.ZERO);
        assertThat(reader.read("/* CACHE_PARAM(ttl=x) */ select * from a").hint()).isNull();
        assertThat(reader.read("select * from a").hint()).isNull();
    }
}

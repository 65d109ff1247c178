package dev.cistern.samples.hybrid;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Which addresses of databases the page takes, and how it reads them. */
final class DatabaseProfileTest {

    @ParameterizedTest
    @CsvSource({"jdbc:postgresql://db.example/library, jdbc:postgresql://db.example:5432/library",
            "' jdbc:mariadb://127.0.0.1:3307/shop ', jdbc:mariadb://127.0.0.1:3307/shop",
            "JDBC:H2:tcp://127.0.0.1/city, jdbc:h2:tcp://127.0.0.1:9092/city",
            "jdbc:postgresql://db.example/library?sslMode=require&currentSchema=books,"
                    + " jdbc:postgresql://db.example:5432/library?sslMode=require&currentSchema=books"})
    void readsHostAndPort(String url, String direct) {
        assertThat(DatabaseProfile.read(url).direct()).isEqualTo(direct);
    }

    @Test
    void theWayThroughTheLinkChangesHostAndPortOnly() {
        assertThat(DatabaseProfile.read("jdbc:mariadb://db.example/shop?sslMode=trust").through(4711)).isEqualTo(
                "jdbc:mariadb://127.0.0.1:4711/shop?sslMode=trust");
    }

    /** Options that make a driver load classes, read files, run statements; and any that nobody here has heard of. */
    @ParameterizedTest
    @ValueSource(strings = {"jdbc:postgresql://h/d?socketFactory=org.example.X", "jdbc:postgresql://h/d?loggerFile=/x",
            "jdbc:postgresql://h/d?ssl=true&sslfactoryarg=file:///etc/passwd",
            "jdbc:mysql://h/d?autoDeserialize=true", "jdbc:mysql://h/d?propertiesTransform=org.example.X",
            "jdbc:mysql://h/d?allowLoadLocalInfile=true", "jdbc:mysql://h/d?a%6cowMultiQueries=true",
            "jdbc:mariadb://h/d?initSql=DROP+TABLE+x", "jdbc:mariadb://h/d?credentialType=X",
            "jdbc:h2:tcp://h/d;INIT=RUNSCRIPT FROM 'x.sql'", "jdbc:h2:tcp://h/d;TRACE_LEVEL_FILE=3",
            "jdbc:postgresql://h/d?option-of-next-year=1", "jdbc:postgresql://h/d?password=written-down",
            "jdbc:postgresql://h/d?=1", "jdbc:mysql://h/d?user=x& allowMultiQueries=true"})
    void optionsThatAreNotKnownToBeHarmlessAreRefused(String url) {
        assertThatThrownBy(() -> DatabaseProfile.read(url)).hasMessageStartingWith("the option");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "jdbc:oracle:thin:@h", "jdbc:mysql:loadbalance://h/d", "jdbc:mysql://a,b/d",
            "jdbc:mysql://(host=h)/d", "jdbc:mysql://user:word@h/d", "jdbc:mysql://h:70000/d", "jdbc:h2:mem:x",
            "jdbc:h2:tcp://h/d%3BINIT=x"})
    void otherAddressesAreRefused(String url) {
        assertThatThrownBy(() -> DatabaseProfile.read(url)).isInstanceOf(IllegalArgumentException.class);
    }
}

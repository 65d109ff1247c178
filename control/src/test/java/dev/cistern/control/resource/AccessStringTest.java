package dev.cistern.control.resource;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Access strings: their normal form, what is refused, and which engine knows them. */
final class AccessStringTest {

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
            "on ~* +@all ; on ~* +@all ; 6.0",
            "~x:* ; off ~x:* -@all ; 6.0",
            "off ; off -@all ; 6.0",
            "ON ~app:* -@all +@read +GET ; on ~app:* -@all +@read +get ; 6.0",
            "on allkeys allcommands ; on ~* +@all ; 6.0",
            "on ~a ~* ~b nocommands ; on ~* -@all ; 6.0",
            "on ~a resetkeys ~b ~b +@all -@dangerous ; on ~b +@all -@dangerous ; 6.0",
            "on +get -get +@all -keys +keys ; on +@all +keys ; 6.0",
            "on off on ; on -@all ; 6.0",
            "on +@all &news:* ; on &news:* +@all ; 6.2",
            "on resetchannels +@all ; on resetchannels +@all ; 6.2",
            "on allchannels ; on &* -@all ; 6.2",
            "on %R~a %rw~b %W~c ; on %R~a ~b %W~c -@all ; 7.0",
            "on +select|0 +client|id ; on -@all +select|0 +client|id ; 6.0",
            "on +@all -client|kill ; on +@all -client|kill ; 7.0",
            "on ~a (~b +get) ; on ~a -@all (~b -@all +get) ; 7.0",
            "on (~b +get) clearselectors ; on -@all ; 7.0"})
    void normalForm(String text, String normal, String version) {
        AccessString access = AccessString.parse(text);
        assertThat(access).hasToString(normal);
        assertThat(access.minimumVersion()).isEqualTo(version);
        assertThat(AccessString.parse(normal)).as("the form of the form").hasToString(normal);
    }

    @ParameterizedTest
    @ValueSource(strings = {"on >password", "on <password", "on #abc", "on !abc", "on reset", "on nopass",
            "on resetpass", "on +nothing", "on +@nothing", "on all", "on +config", "on +config|get", "on +acl|setuser",
            "on +cluster|failover", "on +get|", "on %X~a", "on %~a", "on (~a", "on (on ~a)", "on ()", "on ((~a))",
            "on +"})
    void refused(String text) {
        assertThatThrownBy(() -> AccessString.parse(text)).isInstanceOf(AccessString.InvalidException.class);
    }

    @Test
    void aPasswordIsNotRepeated() {
        assertThatThrownBy(() -> AccessString.parse("on >canary-canary"))
                .hasMessage(">: passwords are not allowed in an access string");
    }
}

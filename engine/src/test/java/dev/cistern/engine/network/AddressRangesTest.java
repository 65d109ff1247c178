package dev.cistern.engine.network;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class AddressRangesTest {

    @ParameterizedTest
    @CsvSource({"10.0.0.0/8, 10.255.1.2, true", "10.0.0.0/8, 11.0.0.0, false", "0.0.0.0/0, 203.0.113.9, true",
            "0.0.0.0/0, ::1, false", "192.168.1.128/25, 192.168.1.129, true", "192.168.1.128/25, 192.168.1.127, false",
            "172.16.0.0/12, 172.31.255.255, true", "172.16.0.0/12, 172.32.0.0, false", "127.0.0.1, 127.0.0.1, true",
            "127.0.0.1, 127.0.0.2, false", "2001:db8::/33, 2001:db8:7fff::1, true",
            "2001:db8::/33, 2001:db8:8000::1, false", "'10.0.0.0/8, ::1/128', ::1, true", "'', 127.0.0.1, false"})
    void knowsWhoIsInside(String ranges, String address, boolean inside) throws UnknownHostException {
        assertThat(AddressRanges.parse(ranges).contains(InetAddress.getByName(address))).isEqualTo(inside);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/33", "10.0.0.0/-1", "10.0.0/x", "example.org", "::1/129", "10.0.0.256/8", "/8",
            "1:2", "face"})
    void refusesWhatIsNoRange(String text) {
        assertThatThrownBy(() -> AddressRanges.parse(text)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no range of addresses");
    }
}

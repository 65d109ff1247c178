package dev.cistern.gateway.http;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

final class HostCheckTest {

    private final HostCheck check = new HostCheck(Set.of("Tank.example"), false);

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "localhost:8379", "LOCALHOST:1", "127.0.0.1:8379", "[::1]:8379", "192.168.0.7",
            "cistern.localhost:8379", "tank.example:8379", "tank.example.", "elasticache.us-east-1.amazonaws.com",
            "elasticache.cn-north-1.amazonaws.com.cn", "elasticache.eu-west-1.api.aws"})
    void namesThatNoAttackerOwns(String host) {
        assertThat(check.accepts(request("host", host))).isTrue();
    }

    @DisplayName("CSRF, DNS rebinding: host")
    @ParameterizedTest
    @ValueSource(strings = {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil@localhost",
            "localhost:8379:1", "a.b.c.amazonaws.com", "xamazonaws.com", "tank.example.evil"})
    void namesThatMightBeAnAttackers(String host) {
        assertThat(check.accepts(request("host", host))).isFalse();
    }

    @Test
    void exactlyOneHost() {
        assertThat(check.accepts(new WebRequest("GET", "/", new DefaultHttpHeaders(), new byte[0], ""))).isFalse();
        HttpHeaders two = new DefaultHttpHeaders().add("host", "localhost").add("host", "localhost");
        assertThat(check.accepts(new WebRequest("GET", "/", two, new byte[0], ""))).isFalse();
    }

    @DisplayName("CSRF: other sites")
    @Test
    void otherSitesPages() {
        assertThat(check.accepts(request("host", "localhost:1", "origin", "http://localhost:1"))).isTrue();
        assertThat(check.accepts(request("host", "localhost:1", "origin", "http://localhost:2"))).isFalse();
        assertThat(check.accepts(request("host", "localhost:1", "origin", "null"))).isFalse();
        assertThat(check.accepts(request("host", "localhost:1", "sec-fetch-site", "cross-site"))).isFalse();
        assertThat(check.accepts(request("host", "localhost:1", "sec-fetch-site", "same-site"))).isFalse();
        assertThat(check.accepts(request("host", "localhost:1", "sec-fetch-site", "none"))).isTrue();
    }

    @Test
    void anyNameWhereLoopbackIsNotTheProtection() {
        assertThat(new HostCheck(Set.of(), true).accepts(request("host", "cache.example:80"))).isTrue();
    }

    private static WebRequest request(String... headers) {
        HttpHeaders all = new DefaultHttpHeaders();
        for (int i = 0; i < headers.length; i += 2) {
            all.add(headers[i], headers[i + 1]);
        }
        return new WebRequest("POST", "/", all, new byte[0], "");
    }
}

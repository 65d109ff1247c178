package dev.cistern.gateway.audit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/** Lines that any reader of JSON takes, without secrets, in files that do not grow for ever. */
final class AuditLogTest {

    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    private Path folder;

    @Test
    void aLineSaysWhoAskedWhatAndHowItEnded() throws Exception {
        Path file = folder.resolve("audit.log");
        try (AuditLog log = AuditLog.in(file)) {
            log.record(entry(Map.of("UserId", "ann", "Action", "x", "Version", "x", "X-Amz-Signature", "x"), 200, ""));
            log.record(entry(null, 403, "SignatureDoesNotMatch"));
        }
        List<String> lines = Files.readAllLines(file);
        assertThat(lines).hasSize(2);
        JsonNode first = JSON.readTree(lines.getFirst());
        assertThat(first.get("time").asString()).isEqualTo("2026-01-01T00:00:00Z");
        assertThat(first.get("keyName").asString()).isEqualTo("name");
        assertThat(first.get("parameters").toString()).isEqualTo("{\"UserId\":\"ann\"}");
        assertThat(first.get("status").asInt()).isEqualTo(200);
        JsonNode second = JSON.readTree(lines.getLast());
        assertThat(second.has("parameters")).isFalse();
        assertThat(second.get("code").asString()).isEqualTo("SignatureDoesNotMatch");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
    }

    @Test
    void secretsAreMasked() {
        Map<String, String> said = new TreeMap<>(Map.of("AuthToken", "canary", "Passwords.member.1", "canary",
                "AuthenticationMode.Passwords.member.2", "canary", "NoPasswordRequired", "true",
                "AuthTokenUpdateStrategy", "ROTATE", "AuthToken.member.1", "canary", "AccessString",
                "on ~a>b >canary (+@read <canary)"));
        String line = entry(said, 200, "").json();
        assertThat(line).doesNotContain("canary").contains("\"NoPasswordRequired\":\"true\"")
                .contains("\"AuthTokenUpdateStrategy\":\"ROTATE\"").contains("\"AuthToken\":\"***\"")
                .contains("\"AccessString\":\"on ~a>b >*** (+@read <***)\"");
    }

    /** A client may say anything: a line stays a line, and valid. */
    @DisplayName("Injection through events/CSV/Prometheus labels/ANSI in logs")
    @Test
    void whateverIsSaidIsValidJsonInOneLine() throws Exception {
        String odd = "a\"b\\c\n\r\u001b[31m\u0000\u2028\u0085 \ud800 ü 水";
        Map<String, String> said = new TreeMap<>(Map.of(odd, odd, "long", "x".repeat(100_000)));
        for (int i = 0; i < 1_000; i++) {
            said.put("p" + i, "v");
        }
        String line = entry(said, 400, odd).json();
        assertThat(line).doesNotContain("\n", "\r", "\u001b").hasSizeLessThan(40_000);
        assertThat(JSON.readTree(line).get("code").asString()).isEqualTo(odd.replace('\ud800', '\ufffd'));
    }

    @Test
    void theOldestLinesGo() throws Exception {
        Path file = folder.resolve("audit.log");
        try (AuditLog log = AuditLog.in(file, 2_000, 2)) {
            for (int i = 0; i < 100; i++) {
                log.record(entry(Map.of("UserId", "u" + i), 200, ""));
            }
        }
        // Another process's start goes on with the same file.
        try (AuditLog log = AuditLog.in(file, 2_000, 2)) {
            log.record(entry(Map.of("UserId", "last"), 200, ""));
        }
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("audit.log", "audit.log.1", "audit.log.2");
        for (String name : List.of("audit.log", "audit.log.1", "audit.log.2")) {
            assertThat(Files.size(folder.resolve(name))).isLessThanOrEqualTo(2_000);
        }
        assertThat(Files.readString(file)).contains("\"last\"");
        assertThat(Files.readString(folder.resolve("audit.log.1"))).doesNotContain("\"u1\"");
    }

    @Test
    void aDiskThatRefusesDoesNotStopTheApi() throws IOException {
        Path file = Files.createDirectory(folder.resolve("audit.log"));
        try (AuditLog log = AuditLog.in(file)) {
            log.record(entry(Map.of(), 200, ""));
            Files.delete(file);
            log.record(entry(Map.of(), 200, ""));
        }
        assertThat(Files.readAllLines(file)).hasSize(1);
    }

    private static AuditEntry entry(@Nullable Map<String, String> parameters, int status,
            String code) {
        return new AuditEntry(Instant.parse("2026-01-01T00:00:00Z"), "id", "127.0.0.1:1", "KEY", "name", "000000000000",
                "us-east-1", "elasticache", "CreateUser", parameters, status, code);
    }
}

package dev.cistern.app;

import dev.cistern.gateway.sign.KeyFile;
import dev.cistern.gateway.sign.Role;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

import static org.assertj.core.api.Assertions.assertThat;

/** Who has to sign, and the commands that make and take away keys. */
final class AccessOptionsTest {

    @TempDir
    private Path state;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... words) {
        CommandLine line = Cistern.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        return line.execute(words);
    }

    @Test
    void keysAreMadeListedAndDeleted() throws Exception {
        String folder = state.resolve("new").toString();
        assertThat(run("keys", "list", "--state-dir", folder)).isEqualTo(ExitCode.OK);
        assertThat(out.toString()).contains("There are no keys.");
        assertThat(run("keys", "create", "ann", "--role", "viewer", "--state-dir", folder)).isEqualTo(ExitCode.OK);
        var key = new KeyFile(Path.of(folder, AccessOptions.KEYS_FILE)).read().all().getFirst();
        assertThat(key.role()).isEqualTo(Role.VIEWER);
        assertThat(out.toString()).contains("AWS_SECRET_ACCESS_KEY=" + key.secret());
        out.getBuffer().setLength(0);
        assertThat(run("keys", "list", "--state-dir", folder)).isEqualTo(ExitCode.OK);
        assertThat(out.toString()).contains("ann", key.id(), "viewer").doesNotContain(key.secret());
        assertThat(run("keys", "delete", "ann", "--state-dir", folder)).isEqualTo(ExitCode.OK);
        assertThat(run("keys", "delete", "ann", "--state-dir", folder)).isEqualTo(ExitCode.BAD_SYNTAX);
        assertThat(err.toString()).contains("there is no key ann");
    }

    @Test
    void aRoleThatDoesNotExistIsNamed() {
        assertThat(run("keys", "create", "ann", "--role", "king", "--state-dir", state.toString()))
                .isEqualTo(ExitCode.BAD_SYNTAX);
        assertThat(err.toString()).contains("viewer, operator, admin or client");
    }

    @Test
    void withoutAuthenticationNobodyElsesMachineGetsIn() {
        assertThat(run("up", "--bind", "0.0.0.0", "--allow-remote", "--no-auth", "--state-dir", state.toString()))
                .isEqualTo(ExitCode.BAD_SYNTAX);
        assertThat(err.toString()).contains("--no-auth works on loopback only", "cistern keys create");
        assertThat(run("node", "--bind", "0.0.0.0", "--allow-remote")).isEqualTo(ExitCode.BAD_SYNTAX);
        assertThat(err.toString()).contains("--requirepass-file FILE", "--no-auth");
        assertThat(run("node", "--bind", "0.0.0.0", "--allow-remote", "--engine", "memcached"))
                .isEqualTo(ExitCode.BAD_SYNTAX);
        assertThat(err.toString()).contains("--auth-file FILE");
    }

    @Test
    void aFileOfKeysThatCannotBeUsedIsToldAtTheStart() {
        assertThat(run("up", "--port", "0", "--credentials", state.resolve("absent").toString(), "--state-dir",
                state.toString())).isEqualTo(ExitCode.BAD_ENVIRONMENT);
        assertThat(err.toString()).contains("there is no key in it");
        assertThat(run("up", "--no-auth", "--credentials", "x", "--state-dir", state.toString()))
                .isEqualTo(ExitCode.BAD_SYNTAX);
        assertThat(err.toString()).contains("contradict each other");
    }
}

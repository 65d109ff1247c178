package dev.cistern.app;

import dev.cistern.gateway.sign.AccessKey;
import dev.cistern.gateway.sign.KeyFile;
import dev.cistern.gateway.sign.Role;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Whether callers of the API have to sign, and with which keys. On loopback they need not unless the user says so: every
 * user of the machine is trusted there, and every tool has some dummy key. Anywhere else there is no way around it.
 */
final class AccessOptions {

    /** The keys of a state folder. */
    static final String KEYS_FILE = "access-keys";

    private static final String FIRST_KEY = "default";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--auth", negatable = true, description = "Accepts only requests signed with a key of `cistern keys` (the rule where ADDRESS is not loopback); --no-auth accepts any key and signature (the rule on loopback).")
    private @Nullable Boolean auth;

    @Option(names = "--credentials", paramLabel = "FILE", description = "Like --auth, with the keys of this file, which is written like ~/.aws/credentials.")
    private @Nullable Path credentials;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
    AccessOptions() {}

    /** Whether callers have to sign; refuses what would let a network in. */
    boolean isRequired(boolean loopback) {
        if (Boolean.FALSE.equals(auth) && credentials != null) {
            throw new ParameterException(command.commandLine(), "--no-auth and --credentials contradict each other");
        }
        if (Boolean.FALSE.equals(auth) && !loopback) {
            throw new ParameterException(command.commandLine(),
                    "--no-auth works on loopback only: everyone who reaches this machine could read, change and delete"
                            + " everything. Leave it out and give callers keys (cistern keys create NAME), or leave"
                            + " --bind out");
        }
        return credentials != null || (auth == null ? !loopback : auth);
    }

    /** The file of keys; one that cannot be used is told now, and not with the first call. */
    KeyFile keys(Path state) {
        KeyFile keys = new KeyFile(credentials != null ? credentials : state.resolve(KEYS_FILE));
        try {
            if (credentials != null && keys.read().all().isEmpty()) {
                throw new IllegalArgumentException("there is no key in it");
            }
            var _ = keys.read();
            return keys;
        } catch (IOException | IllegalArgumentException e) {
            throw new EnvironmentException("cannot use the keys in " + keys.path() + ": " + e.getMessage(),
                    "Write it like ~/.aws/credentials: [name], aws_access_key_id = ..., aws_secret_access_key = ...");
        }
    }

    /** Makes an admin's key where there is none at all: the first start's. */
    Optional<AccessKey> firstKey(KeyFile keys) {
        if (credentials != null) {
            return Optional.empty();
        }
        try {
            return keys.read().all().isEmpty()
                    ? Optional.of(keys.create(FIRST_KEY, Role.ADMIN, null, new SecureRandom()))
                    : Optional.empty();
        } catch (IOException e) {
            throw new EnvironmentException("cannot write " + keys.path() + ": " + e.getMessage(),
                    "Give another folder: --state-dir DIR");
        }
    }
}

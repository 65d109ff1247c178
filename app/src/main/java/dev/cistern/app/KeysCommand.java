package dev.cistern.app;

import dev.cistern.control.state.StateDirectory;
import dev.cistern.gateway.sign.AccessKey;
import dev.cistern.gateway.sign.KeyFile;
import dev.cistern.gateway.sign.Role;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes, lists and deletes the keys that calls are signed with. Works on a file alone, whether Cistern is up or not. */
// @formatter:off
@Command(name = "keys",
        description = "Looks after the access keys of the API: who may call it, and what they may do.",
        subcommands = {KeysCommand.CreateCommand.class, KeysCommand.ListCommand.class,
                KeysCommand.DeleteCommand.class},
        footer = {"",
                "A change holds from the next request on. Keys count where callers have to sign: up --auth; and",
                "everywhere for tokens that users with AuthenticationMode iam show to caches.",
                "",
                "Examples:",
                "  cistern keys create alice",
                "  cistern keys create dashboard --role viewer",
                "  cistern keys create shop --role client",
                "  cistern keys list",
                "  cistern keys delete alice"})
// @formatter:on
final class KeysCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
    KeysCommand() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "What with keys? There are: create, list and delete");
    }

    /** Which Cistern's keys. */
    static final class Place {

        @Option(names = "--state-dir", paramLabel = "DIR", description = "Folder of all state (default $CISTERN_HOME, else ~/.cistern).")
        private @Nullable Path stateDirectory;

        private Path folder() {
            return stateDirectory != null ? stateDirectory : StateFolder.byDefault(System.getenv());
        }

        KeyFile file() {
            return new KeyFile(folder().resolve(AccessOptions.KEYS_FILE));
        }

        KeyFile fileInExistingFolder() throws IOException {
            StateDirectory.createPrivate(folder());
            return file();
        }
    }

    /** Something that is done with the file; what is wrong with it or with the wish is told in words. */
    private interface Act {
        void on(PrintWriter out) throws IOException;
    }

    private static int doing(CommandSpec spec, Act act) {
        PrintWriter out = spec.commandLine().getOut();
        try {
            act.on(out);
        } catch (IllegalArgumentException wrong) {
            throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
        } catch (IOException refused) {
            throw new EnvironmentException("cannot use the keys: " + refused.getMessage(),
                    "Give another folder: --state-dir DIR");
        }
        out.flush();
        return ExitCode.OK;
    }

    static void show(PrintWriter out, AccessKey key) {
        out.println("  export AWS_ACCESS_KEY_ID=" + key.id() + " AWS_SECRET_ACCESS_KEY=" + key.secret());
    }

    /** Prints the secret, this once. */
    @Command(name = "create", description = "Makes a key and shows it.", footer = {"", "Examples:",
            "  cistern keys create alice", "  cistern keys create dashboard --role viewer"})
    static final class CreateCommand implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private Place place;

        @Parameters(paramLabel = "NAME", description = "What the key is called in lists and in the audit log.")
        private String name;

        @Option(names = "--role", paramLabel = "ROLE", defaultValue = "admin", description = "viewer: describes and lists. operator: also makes and changes caches and takes snapshots, but neither deletes nor decides who gets in. client: logs in to caches as users with AuthenticationMode iam, and calls nothing. admin: everything (default ${DEFAULT-VALUE}).")
        private String role;

        @Option(names = "--account", paramLabel = "ID", description = "The account of its calls, 12 digits (default: that of `up`).")
        private @Nullable String account;

        @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
        CreateCommand() {}

        @Override
        public Integer call() {
            return doing(spec, out -> {
                AccessKey key = place.fileInExistingFolder().create(name, Role.named(role), account,
                        new SecureRandom());
                out.println("Key " + key.name() + " (" + key.role().text() + "), shown this once:");
                show(out, key);
            });
        }
    }

    /** Shows no secrets. */
    @Command(name = "list", description = "Lists the keys, without their secrets.", footer = {"", "Example:",
            "  cistern keys list"})
    static final class ListCommand implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private Place place;

        @SuppressWarnings("NullAway.Init")
        ListCommand() {}

        @Override
        public Integer call() {
            return doing(spec, out -> {
                List<AccessKey> keys = place.file().read().all();
                if (keys.isEmpty()) {
                    out.println("There are no keys. The first one is made by: cistern up --auth");
                }
                keys.forEach(key -> out.println("%-20s  %-20s  %-8s  %s".formatted(key.name(), key.id(),
                        key.role().text(), key.account() == null ? "" : key.account()).stripTrailing()));
            });
        }
    }

    /** From the next request on it is refused. */
    @Command(name = "delete", description = "Deletes a key.", footer = {"", "Example:", "  cistern keys delete alice"})
    static final class DeleteCommand implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private Place place;

        @Parameters(paramLabel = "NAME", description = "Its name or its id.")
        private String name;

        @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
        DeleteCommand() {}

        @Override
        public Integer call() {
            return doing(spec, out -> {
                AccessKey key = place.fileInExistingFolder().delete(name);
                out.println("Key " + key.name() + " (" + key.id() + ") is deleted.");
            });
        }
    }
}

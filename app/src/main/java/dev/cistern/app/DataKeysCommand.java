package dev.cistern.app;

import dev.cistern.control.Caller;
import dev.cistern.control.state.StateDirectory;
import dev.cistern.engine.atrest.KeyStoreFile;
import dev.cistern.engine.atrest.StoredKey;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes, lists and rotates the keys that data are encrypted with on the disk. Works on a file alone. */
// @formatter:off
@Command(name = "data-keys",
        description = "Looks after the keys that data are encrypted with on the disk.",
        subcommands = {DataKeysCommand.CreateCommand.class, DataKeysCommand.ListCommand.class,
                DataKeysCommand.RotateCommand.class, DataKeysCommand.StateCommand.class},
        footer = {"",
                "A change holds from the next file on that is written. A key is never deleted: what it has encrypted would",
                "be lost. Keep a copy of the keystore where the data are not.",
                "",
                "Examples:",
                "  cistern data-keys create \"orders, production\"",
                "  cistern data-keys list",
                "  cistern data-keys rotate 3f2a1c9e-0b6d-4f3e-9a51-6f0f5a1d2c3b",
                "  cistern data-keys create --at-rest-key-file ./keys && cistern node --dir . --at-rest-key-file ./keys"})
// @formatter:on
final class DataKeysCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
    DataKeysCommand() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(),
                "What with data-keys? There are: create, list, rotate and state");
    }

    /** Which keystore. */
    static final class Place {

        @Option(names = "--state-dir", paramLabel = "DIR", description = "Folder of all state (default $CISTERN_HOME, else ~/.cistern).")
        private @Nullable Path stateDirectory;

        @Mixin
        private KeystoreOption keystore;

        @SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
        Place() {}

        KeyStoreFile file() throws IOException {
            KeyStoreFile file = keystore.file(stateDirectory);
            Path folder = Objects.requireNonNull(file.path().getParent());
            if (Files.notExists(folder)) {
                StateDirectory.createPrivate(folder);
            }
            return file;
        }
    }

    private interface Act {
        void on(KeyStoreFile keys, PrintWriter out) throws IOException;
    }

    private static int doing(CommandSpec spec, Place place, Act act) {
        PrintWriter out = spec.commandLine().getOut();
        try {
            act.on(place.file(), out);
        } catch (IOException refused) {
            throw new EnvironmentException("cannot use the keys: " + refused.getMessage(),
                    "Give another keystore: --at-rest-key-file FILE");
        }
        out.flush();
        return ExitCode.OK;
    }

    private static StoredKey named(KeyStoreFile keys, String name, CommandSpec spec) throws IOException {
        StoredKey key = keys.read().named(name);
        if (key == null) {
            throw new ParameterException(spec.commandLine(), "there is no key " + name + " in " + keys.path());
        }
        return key;
    }

    /** Its id is what KmsKeyId and --at-rest-key-id take. */
    @Command(name = "create", description = "Makes a key.", footer = {"", "Example:",
            "  cistern data-keys create \"orders, production\""})
    static final class CreateCommand implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private Place place;

        @Option(names = "--region", paramLabel = "NAME", description = "The region of its ARN (default that of `up`).")
        private @Nullable String region;

        @Option(names = "--account", paramLabel = "ID", description = "The account of its ARN, 12 digits (default that of `up`).")
        private @Nullable String account;

        @Parameters(paramLabel = "DESCRIPTION", arity = "0..1", defaultValue = "", description = "What it is for.")
        private String description;

        @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
        CreateCommand() {}

        @Override
        public Integer call() {
            return doing(spec, place, (keys, out) -> {
                try {
                    StoredKey key = keys.create(region == null ? Caller.DEFAULT.region() : region,
                            account == null ? Caller.DEFAULT.account() : account, false, description,
                            System.currentTimeMillis());
                    out.println(key.id());
                    out.println(key.arn());
                } catch (IllegalArgumentException e) {
                    throw new ParameterException(spec.commandLine(),
                            "a region is a name as eu-west-1, an account 12 digits, a description one line", e);
                }
            });
        }
    }

    /** Shows no secrets. */
    @Command(name = "list", description = "Lists the keys, without what is secret.", footer = {"", "Example:",
            "  cistern data-keys list"})
    static final class ListCommand implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private Place place;

        @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
        ListCommand() {}

        @Override
        public Integer call() {
            return doing(spec, place, (keys, out) -> {
                List<StoredKey> all = Files.exists(keys.path()) ? keys.read().keys() : List.of();
                if (all.isEmpty()) {
                    out.println("There are no keys in " + keys.path() + ".");
                }
                all.forEach(key -> out.println("%s  %-8s  version %d  %s".formatted(key.arn(),
                        key.state().name().toLowerCase(Locale.ROOT), key.newest().version(), key.description())
                        .stripTrailing()));
            });
        }
    }

    /** What its former versions encrypted can still be read. */
    @Command(name = "rotate", description = "Gives a key a new version, which encrypts what is written from now on.", footer = {
            "", "Example:", "  cistern data-keys rotate 3f2a1c9e-0b6d-4f3e-9a51-6f0f5a1d2c3b"})
    static final class RotateCommand implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private Place place;

        @Parameters(paramLabel = "KEY", description = "Its id or its ARN.")
        private String name;

        @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
        RotateCommand() {}

        @Override
        public Integer call() {
            return doing(spec, place, (keys, out) -> {
                StoredKey key = keys.rotate(named(keys, name, spec).id(), System.currentTimeMillis());
                out.println("Version " + Objects.requireNonNull(key).newest().version() + " of " + key.arn()
                        + " encrypts from now on.");
            });
        }
    }

    /** A key that is disabled cannot be chosen; who has it goes on with it. */
    @Command(name = "state", description = "Lets a key be chosen for new caches, or not.", footer = {"", "Example:",
            "  cistern data-keys state 3f2a1c9e-0b6d-4f3e-9a51-6f0f5a1d2c3b disabled"})
    static final class StateCommand implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private Place place;

        @Parameters(index = "0", paramLabel = "KEY", description = "Its id or its ARN.")
        private String name;

        @Parameters(index = "1", paramLabel = "STATE", description = "enabled or disabled.")
        private StoredKey.State state;

        @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
        StateCommand() {}

        @Override
        public Integer call() {
            return doing(spec, place, (keys, out) -> {
                StoredKey key = keys.state(named(keys, name, spec).id(), state);
                out.println(Objects.requireNonNull(key).arn() + " is " + state.name().toLowerCase(Locale.ROOT) + ".");
            });
        }
    }
}

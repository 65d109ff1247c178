package dev.cistern.app;

import dev.cistern.control.MigrationSources;
import dev.cistern.engine.network.AddressRanges;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** From where data may move in by a migration. */
final class SourceArguments {

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--migration-sources", paramLabel = "RANGES", description = "Addresses that data may move in from, such as 10.0.0.0/8,192.168.7.1 (default: those that servers have; without "
            + "this machine's own when --bind lets in others).")
    private @Nullable String ranges;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
    SourceArguments() {}

    MigrationSources sources(boolean callersAreLocal) {
        if (ranges == null) {
            return callersAreLocal ? MigrationSources.forLocalCallers() : MigrationSources.forRemoteCallers();
        }
        try {
            return MigrationSources.within(AddressRanges.parse(ranges)::contains);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--migration-sources " + ranges + ": "
                    + e.getMessage(), e);
        }
    }
}

package dev.cistern.app;

import dev.cistern.control.certificate.OwnCertificates;
import dev.cistern.control.state.StateDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Has encrypted nodes show certificates that were got elsewhere. Works on files alone, whether Cistern is up or not. */
// @formatter:off
@Command(name = "certificate",
        description = "Looks after the certificates that encrypted nodes show.",
        subcommands = {CertificateCommand.UseCommand.class, CertificateCommand.ListCommand.class,
                CertificateCommand.DropCommand.class},
        footer = {"",
                "Without any, nodes show certificates of an authority that the first start makes. A running Cistern",
                "takes a change over within seconds; connections go on.",
                "",
                "Examples:",
                "  cistern certificate use chain.pem key.pem",
                "  cistern certificate use chain.pem key.pem --for shop",
                "  cistern certificate list",
                "  cistern certificate drop --for shop"})
// @formatter:on
final class CertificateCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
    CertificateCommand() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "What with it? There are: use, list and drop");
    }

    /** Which Cistern's, and for which of its nodes. */
    static final class Place {

        @Option(names = "--state-dir", paramLabel = "DIR", description = "Folder of all state (default $CISTERN_HOME, else ~/.cistern).")
        private @Nullable Path stateDirectory;

        private Path certificates() throws IOException {
            Path state = stateDirectory != null ? stateDirectory : StateFolder.byDefault(System.getenv());
            Path certificates = state.resolve("certificates");
            StateDirectory.createPrivate(state);
            StateDirectory.createPrivate(certificates);
            return certificates;
        }
    }

    private interface Act {
        void on(OwnCertificates certificates, PrintWriter out) throws IOException;
    }

    private static int doing(CommandSpec spec, Place place, Act act) {
        PrintWriter out = spec.commandLine().getOut();
        try {
            act.on(new OwnCertificates(place.certificates()), out);
        } catch (IllegalArgumentException wrong) {
            throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
        } catch (IOException refused) {
            throw new EnvironmentException("cannot use the certificates: " + refused.getMessage(),
                    "Check the files' names and rights, or give another folder: --state-dir DIR");
        }
        out.flush();
        return ExitCode.OK;
    }

    private static String whose(String id) {
        return id.equals(OwnCertificates.ALL) ? "all nodes" : id;
    }

    private static String inWords(X509Certificate certificate) {
        try {
            Collection<java.util.List<?>> names = certificate.getSubjectAlternativeNames();
            String text = names == null
                    ? "no names"
                    : names.stream().map(name -> String.valueOf(name.get(1))).collect(Collectors.joining(" "));
            return text + ", until " + certificate.getNotAfter().toInstant();
        } catch (CertificateParsingException e) {
            return "unreadable names, until " + certificate.getNotAfter().toInstant();
        }
    }

    /** Copies the files: what becomes of the ones given does not matter any more. */
    @Command(name = "use", description = "Has nodes show this certificate.", footer = {"", "Examples:",
            "  cistern certificate use chain.pem key.pem", "  cistern certificate use chain.pem key.pem --for shop"})
    static final class UseCommand implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private Place place;

        @Parameters(index = "0", paramLabel = "CHAIN", description = "The certificate and those that lead to its authority, PEM.")
        private Path chain;

        @Parameters(index = "1", paramLabel = "KEY", description = "Its private key without a passphrase, PEM.")
        private Path key;

        @Option(names = "--for", paramLabel = "ID", defaultValue = OwnCertificates.ALL, description = "The replication group or cluster whose nodes show it (default: all).")
        private String id;

        @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
        UseCommand() {}

        @Override
        public Integer call() {
            return doing(spec, place, (certificates, out) -> {
                X509Certificate used = certificates.put(id, chain, key);
                out.println("Shown by " + whose(id) + ": " + inWords(used));
            });
        }
    }

    /** Shows no keys. */
    @Command(name = "list", description = "Lists the certificates that nodes show in place of their own.", footer = {
            "", "Example:", "  cistern certificate list"})
    static final class ListCommand implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private Place place;

        @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
        ListCommand() {}

        @Override
        public Integer call() {
            return doing(spec, place, (certificates, out) -> {
                Map<String, X509Certificate> all = certificates.all();
                if (all.isEmpty()) {
                    out.println("There are none: nodes show those of the installation's own authority.");
                }
                all.forEach((id, certificate) -> out.println("%-20s  %s".formatted(whose(id), inWords(certificate))));
            });
        }
    }

    /** The next best takes its place: the one for all, or the installation's. */
    @Command(name = "drop", description = "Has nodes show what they would without it.", footer = {"", "Example:",
            "  cistern certificate drop --for shop"})
    static final class DropCommand implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private Place place;

        @Option(names = "--for", paramLabel = "ID", defaultValue = OwnCertificates.ALL, description = "The replication group or cluster whose nodes show it (default: all).")
        private String id;

        @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
        DropCommand() {}

        @Override
        public Integer call() {
            return doing(spec, place, (certificates, out) -> {
                if (!certificates.drop(id)) {
                    throw new IllegalArgumentException("there is no certificate for " + whose(id));
                }
                out.println("No longer shown by " + whose(id) + ".");
            });
        }
    }
}

package dev.cistern.app;

import dev.cistern.control.DoorReport;
import dev.cistern.control.DoorReport.Door;
import dev.cistern.control.DoorReport.Rule;
import dev.cistern.engine.network.AddressRanges;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
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

/**
 * Says why a connection to a cache is let in or refused: asks the control plane who may come in by which rule, and knocks.
 */
// @formatter:off
@Command(name = "connect",
        description = "Says whether a client gets in to a cache, what decides that, and what to do.",
        footer = {"", "Examples:",
                "  cistern doctor connect 127.0.0.1:6379",
                "  cistern doctor connect cache.example.com:6379 --from 10.1.2.3"})
// @formatter:on
final class DoctorConnectCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private StatusCommand.Place place;

    @Parameters(paramLabel = "HOST:PORT", description = "Where clients connect: any endpoint, or a node.")
    private String target;

    @Option(names = "--from", paramLabel = "ADDRESS", description = "The client's address (default: the one from which this machine would connect).")
    private @Nullable String from;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    DoctorConnectCommand() {}

    @Override
    public Integer call() {
        InetSocketAddress address = address();
        List<Finding> findings = new ArrayList<>();
        if (address.isUnresolved()) {
            findings.add(Finding.fail("name", address.getHostString() + " has no address",
                    "Ask a DNS that knows it, or use the address of --advertise"));
        } else {
            DoorReport report = DoorReport.parse(place.get("/doors"));
            InetAddress client = client(address);
            report.at(address.getPort()).ifPresentOrElse(door -> {
                findings.add(what(door));
                findings.add(rule(door, client));
                findings.addAll(new Knock(address, door).findings());
                findings.add(proof(door));
            }, () -> findings.add(unknown(address.getPort(), report)));
        }
        findings.forEach(spec.commandLine().getOut()::println);
        boolean fit = findings.stream().noneMatch(finding -> finding.grade() == Finding.Grade.FAIL);
        return fit ? ExitCode.OK : ExitCode.BAD_ENVIRONMENT;
    }

    private InetSocketAddress address() {
        int colon = target.lastIndexOf(':');
        try {
            return new InetSocketAddress(target.substring(0, colon).replaceAll("^\\[|]$", ""),
                    Integer.parseInt(target.substring(colon + 1)));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new ParameterException(spec.commandLine(), target + ": write a host and a port as 127.0.0.1:6379", e);
        }
    }

    /** Nothing is sent: the system only chooses from where it would be. */
    private InetAddress client(InetSocketAddress to) {
        try {
            if (from != null) {
                return InetAddress.ofLiteral(from);
            }
            try (DatagramSocket probe = new DatagramSocket()) {
                probe.connect(to);
                return probe.getLocalAddress();
            }
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--from " + from + ": write an address as 10.1.2.3", e);
        } catch (IOException | java.io.UncheckedIOException noWay) {
            return InetAddress.getLoopbackAddress();
        }
    }

    private static Finding unknown(int port, DoorReport report) {
        List<String> others = report.doors().stream().map(door -> door.port() + " (" + door.what() + ")").toList();
        return Finding.fail("port " + port, "nothing that this Cistern runs listens there",
                others.isEmpty()
                        ? "There is no cache yet: aws elasticache create-replication-group ..."
                        : "There are: " + String.join(", ", others));
    }

    private static Finding what(Door door) {
        String found = door.what() + ", " + door.engine() + ", " + door.status();
        return door.status().equals("available")
                ? Finding.ok("port " + door.port(), found)
                : Finding.warn("port " + door.port(), found, "Wait for it: cistern watch");
    }

    /** Which rule lets the client in, or why none does. */
    static Finding rule(Door door, InetAddress client) {
        String who = client.getHostAddress();
        // What names addresses itself says more than what names a group.
        List<Rule> rules = door.rules().stream()
                .sorted(Comparator.comparing(rule -> !rule.ranges().contains(rule.peer())))
                .toList();
        for (Rule rule : rules) {
            if (rule.forPort() && isIn(rule, client)) {
                return Finding.ok("rule", rule.id() + " of " + rule.group() + " (" + rule.groupName() + ") lets " + who
                        + " in: " + rule.ports() + " from " + rule.peer());
            }
        }
        List<String> near = new ArrayList<>();
        for (Rule rule : rules) {
            if (isIn(rule, client)) {
                near.add(rule.id() + " would, but is for " + rule.ports());
            } else if (rule.forPort()) {
                near.add(rule.id() + " lets in " + rule.peer()
                        + (rule.ranges().contains(rule.peer()) ? "" : " = " + String.join(" ", rule.ranges())));
            }
        }
        String group = door.rules().isEmpty() ? "GROUP" : door.rules().getFirst().group();
        return Finding.fail("rule", "no rule lets " + who + " in to port " + door.port()
                + (near.isEmpty() ? "; there are none" : ": " + String.join("; ", near)),
                "aws ec2 authorize-security-group-ingress --group-id " + group + " --protocol tcp --port "
                        + door.port() + " --cidr " + who + (client.getAddress().length == 4 ? "/32" : "/128"));
    }

    private static boolean isIn(Rule rule, InetAddress client) {
        return AddressRanges.parse(String.join(" ", rule.ranges())).contains(client);
    }

    private static Finding proof(Door door) {
        return door.proof()
                ? Finding.ok("proof", "lets in " + door.access() + ": clients send AUTH, or HELLO with AUTH")
                : Finding.ok("proof", "lets in " + door.access());
    }
}

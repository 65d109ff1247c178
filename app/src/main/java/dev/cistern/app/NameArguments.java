package dev.cistern.app;

import dev.cistern.control.ControlPlane;
import dev.cistern.control.EndpointOptions;
import dev.cistern.gateway.dns.DnsServer;
import dev.cistern.gateway.http.ListenException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Whether a DNS server for the names of endpoints runs beside the rest. */
final class NameArguments {

    /** What names end in when nobody says so: a domain that is nobody's. */
    private static final String OWN_DOMAIN = "cistern.internal";

    @Option(names = "--dns", paramLabel = "PORT", description = "Answers DNS queries for the names of endpoints on this UDP and TCP port, and names them so (default: no DNS, endpoints have addresses).")
    private @Nullable Integer port;

    NameArguments() {}

    /** What names end in; empty for no names. */
    String domain(String said) {
        return said.isEmpty() && port != null ? OWN_DOMAIN : said;
    }

    /** The running server; null for none. */
    @Nullable
    DnsServer start(ControlPlane plane, String host, EndpointOptions endpoints) {
        if (port == null) {
            return null;
        }
        try {
            return DnsServer.start(host, port, endpoints.zoneOfNames(),
                    name -> plane.addressOf(name).flatMap(NameArguments::numbers));
        } catch (ListenException e) {
            throw new EnvironmentException("port " + port + " cannot be used for DNS: " + e.getMessage(),
                    "Choose another: --dns PORT");
        }
    }

    /** An endpoint may be advertised by a name of its own. */
    private static Optional<InetAddress> numbers(String address) {
        try {
            return Optional.of(InetAddress.getByName(address));
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }
}

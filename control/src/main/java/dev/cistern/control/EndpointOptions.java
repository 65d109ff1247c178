package dev.cistern.control;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * Which addresses and ports nodes get.
 *
 * <p>An endpoint is a local address and a port that the resource keeps for its whole life, also over restarts. AWS gives
 * each node its own address and always port 6379; on one address the ports must differ, so a node whose creator asked for
 * no port takes the lowest free one of the range, and one who asked gets exactly that port or a fault.
 *
 * @param bindAddress        where nodes listen
 * @param advertisedAddress  what Describe calls answer; must lead to {@code bindAddress} from where the clients are
 * @param firstPort          lowest port that is given out unasked
 * @param lastPort           highest port that is given out unasked
 * @param domain             what the names of endpoints end in, where a DNS leads such names to {@code advertisedAddress};
 *                           empty where none does, and endpoints are known by that address alone
 * @param zones              where the nodes of an availability zone listen instead; clients find them there too. What
 *                           belongs to a whole group stays at {@code bindAddress}
 */
public record EndpointOptions(String bindAddress, String advertisedAddress, int firstPort, int lastPort,
        String domain, Map<String, String> zones) {

    /** This machine only; AWS's default port for the first node, then upward. */
    public static final EndpointOptions DEFAULT = new EndpointOptions("127.0.0.1", "127.0.0.1", 6379, 7378);

    private static final Pattern IP = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*");

    public EndpointOptions {
        zones = Map.copyOf(zones);
        if (firstPort < 1 || lastPort > 65_535 || firstPort > lastPort) {
            throw new IllegalArgumentException("not a port range: " + firstPort + " to " + lastPort);
        }
    }

    /** Without names. */
    public EndpointOptions(String bindAddress, String advertisedAddress, int firstPort, int lastPort) {
        this(bindAddress, advertisedAddress, firstPort, lastPort, "", Map.of());
    }

    public EndpointOptions withDomain(String value) {
        return new EndpointOptions(bindAddress, advertisedAddress, firstPort, lastPort, value, zones);
    }

    public EndpointOptions withZones(Map<String, String> value) {
        return new EndpointOptions(bindAddress, advertisedAddress, firstPort, lastPort, domain, value);
    }

    /** Where a node in that availability zone listens. */
    public String bindAddress(String zone) {
        return zones.getOrDefault(zone, bindAddress);
    }

    /** Where clients find who listens there. */
    public String advertised(String boundTo) {
        return boundTo.equals(bindAddress) ? advertisedAddress : boundTo;
    }

    /** What all names end in. */
    public String zoneOfNames() {
        return "cache." + domain;
    }

    /** The advertised address when it is one in numbers, else nothing: whoever is given a name asks for it himself. */
    public String advertisedIp() {
        return IP.matcher(advertisedAddress).matches() ? advertisedAddress : "";
    }
}

package dev.cistern.control;

import dev.cistern.control.node.NodeAddress;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/**
 * Where data may move in from: a migration's source is the one address that a caller names and this machine then connects
 * to, from a place in the network that may not be the caller's.
 *
 * <p>A name is looked up once, and what was found is judged and connected to from then on: a name that later leads elsewhere
 * leads nobody there. Any thread.
 */
public final class MigrationSources {

    /** Where clouds tell a machine of its credentials, beside 169.254.169.254. */
    private static final Set<InetAddress> METADATA = Set.of(InetAddress.ofLiteral("fd00:ec2::254"),
            InetAddress.ofLiteral("100.100.100.200"), InetAddress.ofLiteral("168.63.129.16"),
            InetAddress.ofLiteral("192.0.0.192"));
    /** Behind these twelve bytes the four of an IPv4 address may stand, which a gateway leads there. */
    private static final byte[] TRANSLATED = InetAddress.ofLiteral("64:ff9b::").getAddress();
    private static final int EMBEDDED_AT = 12;
    private static final int RESERVED_FROM = 240;

    /** Finds the address of a name. */
    @FunctionalInterface
    public interface Lookup {
        InetAddress address(String name) throws UnknownHostException;
    }

    private final Predicate<InetAddress> allowed;
    private final Lookup lookup;
    private final Set<Integer> ownPorts = ConcurrentHashMap.newKeySet();

    private MigrationSources(Predicate<InetAddress> allowed, Lookup lookup) {
        this.allowed = allowed;
        this.lookup = lookup;
    }

    /** For callers on this machine: every address that servers have. */
    public static MigrationSources forLocalCallers() {
        return within(address -> !isSpecial(address));
    }

    /** For callers elsewhere, to whom this machine may show less than to itself. */
    public static MigrationSources forRemoteCallers() {
        return within(address -> !isSpecial(address) && !isThisMachine(address));
    }

    /** Those that an operator says. */
    public static MigrationSources within(Predicate<InetAddress> allowed) {
        return new MigrationSources(allowed, InetAddress::getByName);
    }

    public MigrationSources withLookup(Lookup value) {
        return new MigrationSources(allowed, value);
    }

    /** Something of ours that is no node listens on this port of this machine. */
    public void own(int port) {
        ownPorts.add(port);
    }

    /** Why an address that is given in numbers may not be a source; nothing for names, which are judged when they are found. */
    public Optional<String> refusalOfNumbers(NodeAddress named, IntPredicate isNodePort) {
        try {
            return refusal(InetAddress.ofLiteral(named.host()), named, isNodePort);
        } catch (IllegalArgumentException itIsAName) {
            return Optional.empty();
        }
    }

    /**
     * The source in numbers.
     *
     * @throws UnknownHostException     it has no address
     * @throws IllegalArgumentException it must not be one; the message says why
     */
    public NodeAddress find(NodeAddress named, IntPredicate isNodePort) throws UnknownHostException {
        InetAddress found = lookup.address(named.host());
        Optional<String> refusal = refusal(found, named, isNodePort);
        if (refusal.isPresent()) {
            throw new IllegalArgumentException(refusal.get());
        }
        return new NodeAddress(found.getHostAddress(), named.port());
    }

    private Optional<String> refusal(InetAddress address, NodeAddress named, IntPredicate isNodePort) {
        if (!allowed.test(address)) {
            return Optional.of(named + " has an address that data may not move in from");
        }
        boolean isOwn = (ownPorts.contains(named.port()) || isNodePort.test(named.port())) && isThisMachine(address);
        return isOwn ? Optional.of(named + " is a port of this Cistern's own") : Optional.empty();
    }

    private static boolean isThisMachine(InetAddress address) {
        try {
            return address.isLoopbackAddress() || address.isAnyLocalAddress()
                    || NetworkInterface.getByInetAddress(address) != null;
        } catch (SocketException e) {
            return true;
        }
    }

    /** Whether no server of a customer's has it. Java knows what is IPv4 in IPv6's clothes by itself, but for translators'. */
    private static boolean isSpecial(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (address instanceof Inet6Address && (Arrays.equals(bytes, 0, EMBEDDED_AT, TRANSLATED, 0, EMBEDDED_AT)
                || isCompatible(bytes))) {
            return isSpecial(embedded(bytes)) || embedded(bytes).isLoopbackAddress();
        }
        boolean isReserved = bytes.length == 4 && (bytes[0] == 0 || (bytes[0] & 0xFF) >= RESERVED_FROM);
        return isReserved || address.isAnyLocalAddress() || address.isLinkLocalAddress()
                || address.isMulticastAddress() || METADATA.contains(address);
    }

    /** The old way of writing IPv4 in IPv6, twelve zeros before; :: and ::1 are not of that kind. */
    private static boolean isCompatible(byte[] bytes) {
        return Arrays.equals(bytes, 0, EMBEDDED_AT, new byte[EMBEDDED_AT], 0, EMBEDDED_AT)
                && (bytes[EMBEDDED_AT] != 0 || bytes[EMBEDDED_AT + 1] != 0);
    }

    private static InetAddress embedded(byte[] bytes) {
        try {
            return InetAddress.getByAddress(Arrays.copyOfRange(bytes, EMBEDDED_AT, bytes.length));
        } catch (UnknownHostException e) {
            throw new IllegalStateException("four bytes are an address", e);
        }
    }
}

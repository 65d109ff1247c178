package dev.cistern.control.resource;

import dev.cistern.control.state.Table;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * One rule of a security group: peers and ports that may come in, or go out.
 *
 * @param groupId   the group that it is a rule of
 * @param protocol  tcp, udp, icmp, icmpv6, another one's number, or {@value #ALL} for all
 * @param fromPort  -1 where there are no ports
 * @param peer      a range of addresses as 10.0.0.0/8 or ::1/128, or the id of a security group
 */
public record SecurityRule(ResourceKey key, long version, String groupId, boolean egress, String protocol, int fromPort,
        int toPort, String peer, String description) {

    public static final String ALL = "-1";
    public static final String TCP = "tcp";

    public static final Table<SecurityRule> TABLE = Table.of(SecurityRule.class, "security_group_rule", "account",
            "region", "id");

    private static final String GROUP_PREFIX = "sg-";

    static List<SecurityRule> of(Handle handle, ResourceKey group) {
        return TABLE.select(handle, "where account = ? and region = ? and group_id = ? order by id", group.account(),
                group.region(), group.id());
    }

    public String id() {
        return key.id();
    }

    /** The group whose members are meant; null where it is a range of addresses. */
    public @Nullable String peerGroup() {
        return peer.startsWith(GROUP_PREFIX) ? peer : null;
    }

    public boolean isIpv6() {
        return peer.indexOf(':') >= 0;
    }

    /** Whether it lets connections in to that port. */
    public boolean admitsTo(int port) {
        return !egress && (protocol.equals(ALL) || (protocol.equals(TCP) && fromPort <= port && port <= toPort));
    }

    /** Which connections it is about, for people. */
    public String portsInWords() {
        if (protocol.equals(ALL)) {
            return "all ports";
        }
        return protocol + (fromPort < 0 ? "" : fromPort == toPort ? " " + fromPort : " " + fromPort + "-" + toPort);
    }

    /** Whether it says the same as the other one. */
    public boolean saysSame(SecurityRule other) {
        return egress == other.egress && protocol.equals(other.protocol) && fromPort == other.fromPort
                && toPort == other.toPort && peer.equals(other.peer);
    }

    public SecurityRule withDescription(String value) {
        return new SecurityRule(key, version, groupId, egress, protocol, fromPort, toPort, peer, value);
    }
}

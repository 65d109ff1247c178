package dev.cistern.control.operation;

import dev.cistern.control.NetworkFault;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.ClusterSecurityGroups;
import dev.cistern.control.resource.Network;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.SecurityGroup;
import dev.cistern.control.resource.SecurityRule;
import dev.cistern.control.resource.TagRow;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Actions on VPC security groups, by EC2's rules. What changes who may come in is told to the nodes by a workflow.
 */
public record SecurityGroupOperations(Context context) {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9 ._:/()#,@\\[\\]+=&;{}!$*-]{1,255}");
    private static final int ID_BYTES = 9;
    private static final int ID_DIGITS = 17;
    private static final int MAX_PORT = 65_535;
    /** AWS's quota, beside the default one. */
    private static final int MAX_GROUPS = 2_500;

    /** A rule as it is wished for; {@code protocol} and ports as they came. */
    public record Wish(String protocol, @Nullable Integer fromPort, @Nullable Integer toPort, String peer,
            String description) {}

    public List<SecurityGroup> all() {
        return SecurityGroup.all(context.handle(), context.key(""));
    }

    public SecurityGroup create(String name, String description, @Nullable String vpcId, Map<String, String> tags) {
        Network network = Network.of(context.key(""));
        if (vpcId != null && !vpcId.equals(network.vpcId())) {
            throw new NetworkFault("InvalidVpcID.NotFound", "The vpc ID '" + vpcId + "' does not exist");
        }
        if (!NAME.matcher(name).matches() || name.startsWith("sg-")) {
            throw new NetworkFault("InvalidParameterValue",
                    "Value (" + name + ") for parameter GroupName is invalid.");
        }
        if (!NAME.matcher(description).matches()) {
            throw new NetworkFault("InvalidParameterValue", "Value (" + description
                    + ") for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported.");
        }
        if (all().stream().anyMatch(group -> group.groupName().equals(name))) {
            throw new NetworkFault("InvalidGroup.Duplicate",
                    "The security group '" + name + "' already exists for VPC '" + network.vpcId() + "'");
        }
        if (all().size() > MAX_GROUPS) {
            throw new NetworkFault("SecurityGroupLimitExceeded",
                    "The maximum number of security groups for VPC '" + network.vpcId() + "' has been reached.");
        }
        SecurityGroup group = new SecurityGroup(context.key(newId("sg-")), 0, name, description)
                .store(context.handle());
        tag(List.of(group.id()), tags);
        return group;
    }

    public void delete(@Nullable String id, @Nullable String name) {
        SecurityGroup group = require(id, name);
        if (group.isDefault()) {
            throw new NetworkFault("CannotDelete", "the specified group: \"" + group.id() + "\" name: \""
                    + group.groupName() + "\" cannot be deleted by a user");
        }
        boolean named = all().stream().filter(other -> !other.id().equals(group.id()))
                .flatMap(other -> other.rules(context.handle()).stream())
                .anyMatch(rule -> rule.peer().equals(group.id()));
        if (named || !ClusterSecurityGroups.users(context.handle(), group.key()).isEmpty()) {
            throw new NetworkFault("DependencyViolation", "resource " + group.id() + " has a dependent object");
        }
        group.rules(context.handle()).forEach(this::forget);
        TagRow.deleteAll(context.handle(), group.arn());
        SecurityGroup.TABLE.delete(context.handle(), group.key().account(), group.key().region(), group.id());
    }

    /** Adds all rules or none; answers them. */
    public List<SecurityRule> authorize(@Nullable String id, @Nullable String name, boolean egress, List<Wish> wishes,
            Map<String, String> tags) {
        SecurityGroup group = require(id, name).store(context.handle());
        List<SecurityRule> rules = new ArrayList<>(group.rules(context.handle()));
        List<SecurityRule> added = new ArrayList<>();
        for (Wish wish : requireSome(wishes)) {
            SecurityRule rule = checked(group, egress, wish);
            if (rules.stream().anyMatch(rule::saysSame)) {
                throw new NetworkFault("InvalidPermission.Duplicate", "the specified rule \"peer: " + rule.peer() + ", "
                        + rule.protocol().toUpperCase(Locale.ROOT) + ", from port: " + rule.fromPort() + ", to port: "
                        + rule.toPort() + ", ALLOW\" already exists");
            }
            SecurityRule.TABLE.insert(context.handle(), rule);
            rules.add(rule);
            added.add(rule);
        }
        tag(added.stream().map(SecurityRule::id).toList(), tags);
        told(group);
        return added;
    }

    /** Takes rules away, by what they say or by their ids; all or none. */
    public void revoke(@Nullable String id, @Nullable String name, boolean egress, List<Wish> wishes,
            List<String> ruleIds) {
        SecurityGroup group = require(id, name).store(context.handle());
        List<SecurityRule> rules = group.rules(context.handle());
        List<SecurityRule> going = new ArrayList<>();
        for (String ruleId : ruleIds) {
            going.add(rules.stream().filter(rule -> rule.id().equals(ruleId) && rule.egress() == egress).findFirst()
                    .orElseThrow(() -> new NetworkFault("InvalidSecurityGroupRuleId.NotFound",
                            "The security group rule ID '" + ruleId + "' does not exist")));
        }
        for (Wish wish : ruleIds.isEmpty() ? requireSome(wishes) : wishes) {
            SecurityRule wanted = checked(group, egress, wish);
            going.add(rules.stream().filter(wanted::saysSame).findFirst()
                    .orElseThrow(() -> new NetworkFault("InvalidPermission.NotFound",
                            "The specified rule does not exist in this security group.")));
        }
        going.forEach(this::forget);
        told(group);
    }

    /** Sets the value of each tag on each resource, a group or a rule. */
    public void tag(List<String> ids, Map<String, String> tags) {
        for (String id : ids) {
            String arn = taggable(id);
            tags.forEach((key, value) -> {
                TagRow.TABLE.delete(context.handle(), arn, key);
                TagRow.TABLE.insert(context.handle(), new TagRow(arn, key, checkedTag(key, value)));
            });
        }
        tellIfAddresses(ids, tags.keySet());
    }

    public void untag(List<String> ids, List<String> keys) {
        for (String id : ids) {
            String arn = taggable(id);
            for (String key : keys.isEmpty()
                    ? TagRow.of(context.handle(), arn).stream().map(TagRow::tagKey).toList()
                    : keys) {
                TagRow.TABLE.delete(context.handle(), arn, key);
            }
        }
        tellIfAddresses(ids, keys.isEmpty() ? List.of(SecurityGroup.ADDRESSES_TAG) : keys);
    }

    public Map<String, String> tags(String id) {
        Map<String, String> tags = new LinkedHashMap<>();
        TagRow.of(context.handle(), arn(id)).forEach(tag -> tags.put(tag.tagKey(), tag.tagValue()));
        return tags;
    }

    public List<SecurityRule> rules(SecurityGroup group) {
        return group.rules(context.handle());
    }

    /** Gives a new cluster, or a new replication group, the groups that its maker wants; none is the default one. */
    static void give(Context context, ResourceKey key, boolean ofGroup, List<String> ids) {
        ClusterSecurityGroups.put(context.handle(), key, ofGroup, existing(context, ids));
    }

    /** Gives a cluster other groups, if any are named, and has its nodes told. A member has those of its whole group. */
    static void exchange(Context context, CacheCluster cluster, List<String> ids) {
        if (!ids.isEmpty()) {
            String group = cluster.replicationGroupId();
            ResourceKey key = group == null ? cluster.key() : context.key(group);
            ClusterSecurityGroups.put(context.handle(), key, group != null, existing(context, ids));
            context.workflows().applySecurityGroup(context.handle(), context.key(ids.getFirst()));
        }
    }

    private static List<String> existing(Context context, List<String> ids) {
        for (String id : ids) {
            if (SecurityGroup.find(context.handle(), context.key(id)) == null) {
                throw Faults.invalidParameterValue("Some security group is not valid: [%s]", id);
            }
        }
        return ids.stream().distinct().toList();
    }

    private static String checkedTag(String key, String value) {
        if (key.equals(SecurityGroup.ADDRESSES_TAG)) {
            for (String range : value.strip().split("[\\s,]+", -1)) {
                requireRange(range.indexOf('/') < 0 ? range + (range.indexOf(':') < 0 ? "/32" : "/128") : range);
            }
        }
        return value;
    }

    private void tellIfAddresses(List<String> ids, Iterable<String> keys) {
        for (String key : keys) {
            if (key.equals(SecurityGroup.ADDRESSES_TAG) && !ids.isEmpty()) {
                context.workflows().applySecurityGroup(context.handle(), context.key(ids.getFirst()));
            }
        }
    }

    private void told(SecurityGroup group) {
        context.workflows().applySecurityGroup(context.handle(), group.key());
    }

    private void forget(SecurityRule rule) {
        TagRow.deleteAll(context.handle(), arn(rule.id()));
        SecurityRule.TABLE.delete(context.handle(), rule.key().account(), rule.key().region(), rule.id());
    }

    private String taggable(String id) {
        if (id.startsWith("sg-")) {
            require(id, null);
        } else if (!id.startsWith("sgr-")) {
            throw new NetworkFault("InvalidID", "The ID '" + id + "' is not valid");
        }
        return arn(id);
    }

    private String arn(String id) {
        ResourceKey key = context.key(id);
        return "arn:aws:ec2:" + key.region() + ":" + key.account() + ":"
                + (id.startsWith("sgr-") ? "security-group-rule/" : "security-group/") + id;
    }

    private SecurityGroup require(@Nullable String id, @Nullable String name) {
        if (id == null && name == null) {
            throw new NetworkFault("MissingParameter", "The request must contain the parameter groupName or groupId");
        }
        return all().stream().filter(group -> id != null ? group.id().equals(id) : group.groupName().equals(name))
                .findFirst().orElseThrow(() -> new NetworkFault("InvalidGroup.NotFound",
                        "The security group '" + (id != null ? id : name) + "' does not exist"));
    }

    private static List<Wish> requireSome(List<Wish> wishes) {
        if (wishes.isEmpty()) {
            throw new NetworkFault("MissingParameter",
                    "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.");
        }
        return wishes;
    }

    private SecurityRule checked(SecurityGroup group, boolean egress, Wish wish) {
        String protocol = protocol(wish.protocol());
        boolean hasPorts = protocol.equals(SecurityRule.TCP) || protocol.equals("udp");
        boolean all = protocol.equals(SecurityRule.ALL);
        int from = all || wish.fromPort() == null ? -1 : wish.fromPort();
        int to = all || wish.toPort() == null ? -1 : wish.toPort();
        if (hasPorts && (from < 0 || to < 0)) {
            throw new NetworkFault("InvalidParameterValue",
                    "Invalid value '" + (from < 0 ? "Must specify both from and to ports with TCP/UDP." : to)
                            + "' for portRange.");
        }
        if (hasPorts && (from > to || to > MAX_PORT)) {
            throw new NetworkFault("InvalidParameterValue",
                    "TCP/UDP port (" + from + ") out of range");
        }
        String peer = wish.peer();
        if (peer.startsWith("sg-")) {
            require(peer, null);
        } else {
            requireRange(peer);
        }
        return new SecurityRule(context.key(newId("sgr-")), 1, group.id(), egress, protocol, from, to, peer,
                wish.description());
    }

    private static String protocol(String said) {
        return switch (said.toLowerCase(Locale.ROOT)) {
            case "-1", "all" -> SecurityRule.ALL;
            case "6", "tcp" -> SecurityRule.TCP;
            case "17", "udp" -> "udp";
            case "1", "icmp" -> "icmp";
            case "58", "icmpv6" -> "icmpv6";
            default -> {
                if (!said.matches("\\d{1,3}") || Integer.parseInt(said) > 255) {
                    throw new NetworkFault("InvalidParameterValue",
                            "Invalid value '" + said + "' for IP protocol. Unknown protocol.");
                }
                yield said;
            }
        };
    }

    /** A range in AWS's form, whose address is the range's first. */
    private static void requireRange(String range) {
        int slash = range.indexOf('/');
        try {
            String host = slash < 0 ? "" : range.substring(0, slash);
            if (host.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")) {
                byte[] address = InetAddress.getByName(host).getAddress();
                int bits = Integer.parseInt(range.substring(slash + 1));
                if (bits >= 0 && bits <= address.length * Byte.SIZE && isFirst(address, bits)) {
                    return;
                }
            }
        } catch (UnknownHostException | NumberFormatException malformed) {
            // Refused with everything else that is no range.
        }
        throw new NetworkFault("InvalidParameterValue", "CIDR block " + range + " is malformed");
    }

    private static boolean isFirst(byte[] address, int bits) {
        for (int bit = bits; bit < address.length * Byte.SIZE; bit++) {
            if ((address[bit >> 3] & (0x80 >> (bit & 7))) != 0) {
                return false;
            }
        }
        return true;
    }

    private String newId(String prefix) {
        byte[] bytes = new byte[ID_BYTES];
        context.options().random().nextBytes(bytes);
        return prefix + HexFormat.of().formatHex(bytes).substring(0, ID_DIGITS);
    }
}

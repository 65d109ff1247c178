package dev.cistern.gateway.ec2;

import dev.cistern.control.Caller;
import dev.cistern.control.resource.Network;
import dev.cistern.control.resource.SecurityGroup;
import dev.cistern.control.resource.SecurityRule;
import dev.cistern.gateway.wire.XmlText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What EC2's answers are made of, as XML, and by which words each can be filtered. */
final class Ec2Shapes {

    private static final String ITEM = "item";
    private static final int SUBNET_STEP = 16;

    private final Caller caller;
    private final Network network;

    Ec2Shapes(Caller caller, Network network) {
        this.caller = caller;
        this.network = network;
    }

    // --- the network ---

    void vpc(XmlText xml) {
        xml.open(ITEM).leaf("vpcId", network.vpcId()).leaf("ownerId", caller.account()).leaf("state", "available")
                .leaf("cidrBlock", "172.31.0.0/16").leaf("dhcpOptionsId", "dopt-default")
                .leaf("instanceTenancy", "default").leaf("isDefault", "true").empty("tagSet").close(ITEM);
    }

    Map<String, String> vpcWords() {
        return words("vpc-id", network.vpcId(), "cidr", "172.31.0.0/16", "cidr-block-association.cidr-block",
                "172.31.0.0/16", "is-default", "true", "isDefault", "true", "state", "available", "owner-id",
                caller.account());
    }

    void subnet(XmlText xml, Network.Subnet subnet) {
        xml.open(ITEM).leaf("subnetId", subnet.subnetId())
                .leaf("subnetArn", "arn:aws:ec2:" + caller.region() + ":" + caller.account() + ":subnet/"
                        + subnet.subnetId())
                .leaf("state", "available").leaf("ownerId", caller.account()).leaf("vpcId", network.vpcId())
                .leaf("cidrBlock", cidr(subnet)).leaf("availableIpAddressCount", "4091")
                .leaf("availabilityZone", subnet.zone()).leaf("availabilityZoneId", zoneId(subnet.zone()))
                .leaf("defaultForAz", "true").leaf("mapPublicIpOnLaunch", "true").empty("tagSet").close(ITEM);
    }

    Map<String, String> subnetWords(Network.Subnet subnet) {
        return words("subnet-id", subnet.subnetId(), "vpc-id", network.vpcId(), "availability-zone", subnet.zone(),
                "availabilityZone", subnet.zone(), "availability-zone-id", zoneId(subnet.zone()), "state", "available",
                "default-for-az", "true", "defaultForAz", "true", "cidr-block", cidr(subnet), "cidr", cidr(subnet),
                "owner-id", caller.account());
    }

    void zone(XmlText xml, Network.Subnet subnet) {
        xml.open(ITEM).leaf("zoneName", subnet.zone()).leaf("zoneId", zoneId(subnet.zone()))
                .leaf("zoneState", "available").leaf("zoneType", "availability-zone")
                .leaf("regionName", caller.region()).leaf("groupName", caller.region())
                .leaf("networkBorderGroup", caller.region()).leaf("optInStatus", "opt-in-not-required")
                .empty("messageSet").close(ITEM);
    }

    Map<String, String> zoneWords(Network.Subnet subnet) {
        return words("zone-name", subnet.zone(), "zone-id", zoneId(subnet.zone()), "state", "available",
                "region-name", caller.region(), "zone-type", "availability-zone", "group-name", caller.region(),
                "opt-in-status", "opt-in-not-required");
    }

    private String cidr(Network.Subnet subnet) {
        return "172.31." + network.subnets().indexOf(subnet) * SUBNET_STEP + ".0/20";
    }

    private String zoneId(String zone) {
        return caller.region().replace("-", "") + "-az" + (zone.charAt(zone.length() - 1) - 'a' + 1);
    }

    // --- security groups ---

    void group(XmlText xml, SecurityGroup group, List<SecurityRule> rules, Map<String, String> tags) {
        xml.open(ITEM).leaf("ownerId", caller.account()).leaf("groupId", group.id())
                .leaf("groupName", group.groupName()).leaf("groupDescription", group.description())
                .leaf("vpcId", network.vpcId()).leaf("securityGroupArn", group.arn());
        permissions(xml, "ipPermissions", rules.stream().filter(rule -> !rule.egress()).toList());
        permissions(xml, "ipPermissionsEgress", rules.stream().filter(SecurityRule::egress).toList());
        tags(xml, tags);
        xml.close(ITEM);
    }

    Map<String, String> groupWords(SecurityGroup group) {
        return words("group-id", group.id(), "group-name", group.groupName(), "description", group.description(),
                "vpc-id", network.vpcId(), "owner-id", caller.account());
    }

    /** Rules of one protocol and port range stand together. */
    private void permissions(XmlText xml, String element, List<SecurityRule> rules) {
        Map<String, List<SecurityRule>> together = new LinkedHashMap<>();
        rules.forEach(rule -> together.computeIfAbsent(rule.protocol() + " " + rule.fromPort() + " " + rule.toPort(),
                key -> new ArrayList<>()).add(rule));
        xml.open(element);
        for (List<SecurityRule> same : together.values()) {
            SecurityRule first = same.getFirst();
            xml.open(ITEM).leaf("ipProtocol", first.protocol());
            if (!first.protocol().equals(SecurityRule.ALL)) {
                xml.leaf("fromPort", Integer.toString(first.fromPort())).leaf("toPort",
                        Integer.toString(first.toPort()));
            }
            xml.open("groups");
            same.stream().filter(rule -> rule.peerGroup() != null).forEach(rule -> described(
                    xml.open(ITEM).leaf("userId", caller.account()).leaf("groupId", rule.peer()), rule));
            xml.close("groups").open("ipRanges");
            same.stream().filter(rule -> rule.peerGroup() == null && !rule.isIpv6())
                    .forEach(rule -> described(xml.open(ITEM).leaf("cidrIp", rule.peer()), rule));
            xml.close("ipRanges").open("ipv6Ranges");
            same.stream().filter(SecurityRule::isIpv6)
                    .forEach(rule -> described(xml.open(ITEM).leaf("cidrIpv6", rule.peer()), rule));
            xml.close("ipv6Ranges").empty("prefixListIds").close(ITEM);
        }
        xml.close(element);
    }

    private static void described(XmlText xml, SecurityRule rule) {
        if (!rule.description().isEmpty()) {
            xml.leaf("description", rule.description());
        }
        xml.close(ITEM);
    }

    void rule(XmlText xml, SecurityRule rule, Map<String, String> tags) {
        xml.open(ITEM).leaf("securityGroupRuleId", rule.id()).leaf("groupId", rule.groupId())
                .leaf("groupOwnerId", caller.account()).leaf("isEgress", Boolean.toString(rule.egress()))
                .leaf("ipProtocol", rule.protocol()).leaf("fromPort", Integer.toString(rule.fromPort()))
                .leaf("toPort", Integer.toString(rule.toPort()))
                .leaf("securityGroupRuleArn", "arn:aws:ec2:" + caller.region() + ":" + caller.account()
                        + ":security-group-rule/" + rule.id());
        if (rule.peerGroup() != null) {
            xml.open("referencedGroupInfo").leaf("groupId", rule.peer()).leaf("userId", caller.account())
                    .close("referencedGroupInfo");
        } else {
            xml.leaf(rule.isIpv6() ? "cidrIpv6" : "cidrIpv4", rule.peer());
        }
        if (!rule.description().isEmpty()) {
            xml.leaf("description", rule.description());
        }
        tags(xml, tags);
        xml.close(ITEM);
    }

    static void tags(XmlText xml, Map<String, String> tags) {
        xml.open("tagSet");
        tags.forEach((key, value) -> xml.open(ITEM).leaf("key", key).leaf("value", value).close(ITEM));
        xml.close("tagSet");
    }

    private static Map<String, String> words(String... pairs) {
        Map<String, String> words = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            words.put(pairs[i], pairs[i + 1]);
        }
        return words;
    }
}

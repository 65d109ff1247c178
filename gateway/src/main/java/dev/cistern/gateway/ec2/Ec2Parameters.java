package dev.cistern.gateway.ec2;

import dev.cistern.control.NetworkFault;
import dev.cistern.control.operation.SecurityGroupOperations.Wish;
import dev.cistern.gateway.wire.FormParameters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A request's parameters as EC2 spells them: {@code IpPermissions.1.IpRanges.2.CidrIp}. */
record Ec2Parameters(FormParameters form) {

    private static final int MOST = 1000;

    @Nullable
    String get(String name) {
        return form.get(name);
    }

    String required(String name) {
        String value = form.get(name);
        if (value == null || value.isEmpty()) {
            throw new NetworkFault("MissingParameter", "The request must contain the parameter " + name);
        }
        return value;
    }

    /** The values of {@code name.1}, {@code name.2} and so on. */
    List<String> list(String name) {
        List<String> values = new ArrayList<>();
        for (int i = 1; i <= MOST; i++) {
            String value = form.get(name + "." + i);
            if (value == null) {
                break;
            }
            values.add(value);
        }
        return values;
    }

    /** Key and value of {@code prefix.1}, {@code prefix.2} and so on. */
    Map<String, String> tags(String prefix) {
        Map<String, String> tags = new LinkedHashMap<>();
        for (int i = 1; i <= MOST; i++) {
            String key = form.get(prefix + "." + i + ".Key");
            if (key == null) {
                break;
            }
            tags.put(key, Objects.requireNonNullElse(form.get(prefix + "." + i + ".Value"), ""));
        }
        return tags;
    }

    /** The tags that a new thing is to have. */
    Map<String, String> tagsOfNew() {
        Map<String, String> tags = new LinkedHashMap<>();
        for (int i = 1; form.get("TagSpecification." + i + ".ResourceType") != null; i++) {
            tags.putAll(tags("TagSpecification." + i + ".Tag"));
        }
        return tags;
    }

    /** The filters by name, each with the values of which one must fit. */
    Map<String, List<String>> filters() {
        Map<String, List<String>> filters = new LinkedHashMap<>();
        for (int i = 1; form.get("Filter." + i + ".Name") != null; i++) {
            filters.put(required("Filter." + i + ".Name"), list("Filter." + i + ".Value"));
        }
        return filters;
    }

    /** The rules that a call is about, one for each peer that it names. */
    List<Wish> wishes() {
        List<Wish> wishes = new ArrayList<>();
        for (int i = 1; form.get("IpPermissions." + i + ".IpProtocol") != null; i++) {
            add(wishes, "IpPermissions." + i + ".");
        }
        // The older way, for one rule and one range.
        if (wishes.isEmpty() && form.get("IpProtocol") != null) {
            String cidr = form.get("CidrIp");
            String group = form.get("SourceSecurityGroupName");
            wishes.add(wish("", cidr != null ? cidr : required(group != null ? "SourceSecurityGroupName" : "CidrIp"),
                    null));
        }
        return wishes;
    }

    private void add(List<Wish> wishes, String prefix) {
        addPeers(wishes, prefix, "IpRanges", "CidrIp");
        addPeers(wishes, prefix, "Ipv6Ranges", "CidrIpv6");
        addPeers(wishes, prefix, "Groups", "GroupId");
        addPeers(wishes, prefix, "UserIdGroupPairs", "GroupId");
        if (form.get(prefix + "PrefixListIds.1.PrefixListId") != null) {
            throw new NetworkFault("InvalidParameterValue",
                    "Cistern does not offer prefix lists; name ranges of addresses.");
        }
    }

    private void addPeers(List<Wish> wishes, String prefix, String list, String member) {
        for (int i = 1; i <= MOST; i++) {
            String place = prefix + list + "." + i + ".";
            String peer = form.get(place + member);
            if (peer == null) {
                break;
            }
            wishes.add(wish(prefix, peer, form.get(place + "Description")));
        }
    }

    private Wish wish(String prefix, String peer, @Nullable String description) {
        return new Wish(required(prefix + "IpProtocol"), number(prefix + "FromPort"), number(prefix + "ToPort"), peer,
                Objects.requireNonNullElse(description, ""));
    }

    private @Nullable Integer number(String name) {
        String text = form.get(name);
        try {
            return text == null ? null : Integer.valueOf(text);
        } catch (NumberFormatException malformed) {
            throw new NetworkFault("InvalidParameterValue", "Invalid value '" + text + "' for " + name + ".");
        }
    }
}

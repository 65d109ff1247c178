package dev.cistern.control.resource;

import dev.cistern.control.state.Table;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A VPC security group: rules that say who may connect to what has it.
 *
 * <p>Every account has the group {@code default}, which lets the local machine in. It is no row until its rules are changed:
 * then {@link #store} makes it one.
 *
 * @param version  0 while it is no row
 */
public record SecurityGroup(ResourceKey key, long version, String groupName, String description) {

    public static final String DEFAULT = "default";

    /**
     * A tag whose value says which addresses belong to the group, between blanks or commas: they are let in by rules that name
     * the group. AWS knows them from what runs in the VPC; here clients run anywhere.
     */
    public static final String ADDRESSES_TAG = "cistern:addresses";

    public static final Table<SecurityGroup> TABLE = Table.of(SecurityGroup.class, "security_group", "account",
            "region", "id");

    public static @Nullable SecurityGroup find(Handle handle, ResourceKey key) {
        return TABLE.find(handle, key.account(), key.region(), key.id())
                .orElseGet(() -> isDefault(key) ? ofEverybody(key) : null);
    }

    /** All of an account in a region, the default one first. */
    public static List<SecurityGroup> all(Handle handle, ResourceKey place) {
        List<SecurityGroup> groups = new ArrayList<>(TABLE.select(handle,
                "where account = ? and region = ? order by id", place.account(), place.region()));
        if (groups.stream().noneMatch(SecurityGroup::isDefault)) {
            groups.addFirst(ofEverybody(place));
        }
        return groups;
    }

    private static SecurityGroup ofEverybody(ResourceKey place) {
        return new SecurityGroup(place.sibling(Network.of(place).securityGroupId()), 0, DEFAULT,
                "default VPC security group");
    }

    private static boolean isDefault(ResourceKey key) {
        return key.id().equals(Network.of(key).securityGroupId());
    }

    public String id() {
        return key.id();
    }

    public boolean isDefault() {
        return isDefault(key);
    }

    public String arn() {
        return "arn:aws:ec2:" + key.region() + ":" + key.account() + ":security-group/" + key.id();
    }

    public List<SecurityRule> rules(Handle handle) {
        return version == 0 ? firstRules() : SecurityRule.of(handle, key);
    }

    /** Makes it a row, with its rules, if it is none. */
    public SecurityGroup store(Handle handle) {
        if (version != 0) {
            return this;
        }
        SecurityGroup stored = new SecurityGroup(key, 1, groupName, description);
        TABLE.insert(handle, stored);
        firstRules().forEach(rule -> SecurityRule.TABLE.insert(handle, rule));
        return stored;
    }

    /** What a group has before anybody gives it rules: all may go out, and with the default one the machine itself in. */
    private List<SecurityRule> firstRules() {
        List<SecurityRule> rules = new ArrayList<>(List.of(rule("out", true, "0.0.0.0/0", "")));
        if (isDefault()) {
            rules.add(rule("self", false, key.id(), ""));
            rules.add(rule("local", false, "127.0.0.0/8", "the local machine"));
            rules.add(rule("local6", false, "::1/128", "the local machine"));
        }
        return rules;
    }

    private SecurityRule rule(String what, boolean egress, String peer, String text) {
        ResourceKey ruleKey = key.sibling(Network.id("sgr-", key, key.id() + " " + what));
        return new SecurityRule(ruleKey, 1, key.id(), egress, SecurityRule.ALL, -1, -1, peer, text);
    }

    /** The addresses that its tag says. */
    public List<String> taggedAddresses(Handle handle) {
        return TagRow.of(handle, arn()).stream().filter(tag -> tag.tagKey().equals(ADDRESSES_TAG))
                .flatMap(tag -> List.of(tag.tagValue().strip().split("[\\s,]+")).stream())
                .filter(word -> !word.isEmpty()).toList();
    }
}

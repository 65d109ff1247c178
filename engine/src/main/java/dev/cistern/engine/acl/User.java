package dev.cistern.engine.acl;

import dev.cistern.engine.dispatch.Condition;
import java.nio.charset.StandardCharsets;

/**
 * Who a session speaks for. Its rules may change while sessions use it: they are swapped whole, and the next command of
 * every session is checked against the new ones. Any thread reads; {@link Users} writes.
 */
public final class User {
    public static final String DEFAULT_NAME = "default";

    private final String name;
    private final NameDigest digest;
    private final boolean isInternal;
    private volatile UserRules rules;
    /** What the gate has to look at for every command of this user; 0 for one who may do everything. */
    private volatile int conditions;
    private volatile boolean isDeleted;

    /** The name stands for bytes, one a character. */
    User(String name, boolean isInternal, UserRules rules) {
        this.name = name;
        this.digest = NameDigest.of(name);
        this.isInternal = isInternal;
        this.rules = rules;
        this.conditions = conditions(rules);
    }

    private static int conditions(UserRules rules) {
        return rules.isUnrestricted() ? 0 : Condition.RESTRICTED.bit();
    }

    /** The name, a character for each of its bytes: what users are found by. */
    public String key() {
        return name;
    }

    /** The name as logins are looked up. */
    NameDigest digest() {
        return digest;
    }

    /** The name as text for people. */
    public String name() {
        return new String(nameBytes(), StandardCharsets.UTF_8);
    }

    public byte[] nameBytes() {
        return name.getBytes(StandardCharsets.ISO_8859_1);
    }

    public boolean isDefault() {
        return name.equals(DEFAULT_NAME);
    }

    /** Whether it is the control plane's own, which no customer sees. */
    public boolean isInternal() {
        return isInternal;
    }

    public UserRules rules() {
        return rules;
    }

    void rules(UserRules value) {
        rules = value;
        conditions = conditions(value);
    }

    /** Whether it is a user no more: one of the same name that is made later is another. */
    public boolean isDeleted() {
        return isDeleted;
    }

    void deleted(UserRules nothing) {
        isDeleted = true;
        rules(nothing);
    }

    /** Bits of {@link Condition} that hold for every session of this user. */
    public int conditions() {
        return conditions;
    }

    /** The user as ACL LIST and files have it, in bytes. */
    public byte[] line() {
        return ("user " + name + " " + rules.describe()).getBytes(StandardCharsets.ISO_8859_1);
    }
}

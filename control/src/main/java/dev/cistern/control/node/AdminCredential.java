package dev.cistern.control.node;

/**
 * The user by which the control plane alone speaks with a node.
 *
 * <p>A node accepts this user from its first second on, with every command allowed and hidden from customers.
 */
public record AdminCredential(String user, Secret password) {

    /** The name of that user on every node. */
    public static final String USER = "cistern-admin";
}

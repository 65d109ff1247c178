package dev.cistern.control;

import java.util.List;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/**
 * Where clients knock, and who is let in there by which rules: for whoever wants to know why a connection is refused. One
 * moment of the state, of all accounts and regions; no secrets.
 */
public record DoorReport(List<Door> doors) {

    /**
     * A port that something listens on, or should.
     *
     * @param what     whose port it is, such as {@code primary of replication group shop}
     * @param status   AWS's word for the state of that
     * @param transit  disabled, preferred or required
     * @param access   who has to prove what, in words
     * @param proof    whether clients have to say who they are
     * @param engine   redis, valkey or memcached
     * @param rules    of all its security groups, inbound, also those for other ports
     */
    public record Door(String what, int port, String status, String transit, String access, boolean proof,
            String engine, List<Rule> rules) {

        public boolean isMemcached() {
            return engine.equals("memcached");
        }
    }

    /**
     * An inbound rule.
     *
     * @param group    id of the security group that it is of, and its name
     * @param ports    in words
     * @param peer     the range or the group that it names
     * @param ranges   the addresses that it means
     * @param forPort  whether it is about the door's port
     */
    public record Rule(String group, String groupName, String id, String ports, String peer, List<String> ranges,
            boolean forPort) {}

    /** The door at that port. */
    public Optional<Door> at(int port) {
        return doors.stream().filter(door -> door.port() == port).findFirst();
    }

    public String toJson() {
        return new JsonMapper().writeValueAsString(this);
    }

    public static DoorReport parse(String json) {
        return new JsonMapper().readValue(json, DoorReport.class);
    }
}

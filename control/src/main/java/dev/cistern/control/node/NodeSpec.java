package dev.cistern.control.node;

import java.nio.file.Path;
import java.util.Map;

/**
 * One node as it should be: all that a {@link NodeRuntime} needs to start it.
 *
 * @param nodeId          unique for ever, also after its cluster is deleted and made anew; letters, digits and hyphens
 * @param engine          the protocol and commands it serves
 * @param engineVersion   full version, such as {@code 7.1.0}
 * @param bindAddress     address to listen on
 * @param port            port to listen on, the same for the node's whole life
 * @param maxMemoryBytes  limit for data; nothing of it may be allocated up front
 * @param parameters      engine parameters by the names that CONFIG SET knows; the runtime leaves out those that its engine
 *                        does not have
 * @param open            whether anybody may come in; if not, the node lets in nobody but its admin until that has told it
 *                        its users
 * @param admin           user with every right, for the control plane alone
 * @param dataDirectory   the node's own folder, which is there and for its owner alone. A file {@link #SNAPSHOT_FILE} in it
 *                        is loaded at the start, and is where the node saves when it is told to; by itself it never saves
 */
public record NodeSpec(
        String nodeId,
        EngineType engine,
        String engineVersion,
        String bindAddress,
        int port,
        long maxMemoryBytes,
        Map<String, String> parameters,
        boolean open,
        AdminCredential admin,
        Path dataDirectory) {

    /** The file of a node's data, by the name that the originals give it unless told otherwise. */
    public static final String SNAPSHOT_FILE = "dump.rdb";

    /**
     * Among the parameters, of a node whose primary may be replaced without asking it: the epoch by which it is started. It
     * then writes only when it is told that it leads, until when. Originals know nothing of it.
     */
    public static final String EPOCH = "cistern-epoch";

    /** The setting that names another address for the ports of the node's role. */
    public static final String ROLE_BIND = "role-bind";

    public NodeSpec {
        parameters = Map.copyOf(parameters);
    }

    public NodeSpec withParameters(Map<String, String> value) {
        return new NodeSpec(nodeId, engine, engineVersion, bindAddress, port, maxMemoryBytes, value, open, admin,
                dataDirectory);
    }

    /** What nodes of that kind call the parameter that says from where connections may come. */
    public static String peersSetting(EngineType engine) {
        return engine == EngineType.MEMCACHED ? "allow_from" : "allow-from";
    }

    /** The ranges of addresses from which connections may come; empty for everywhere. */
    public String peers() {
        return parameters.getOrDefault(peersSetting(engine), "");
    }

    public Path snapshotFile() {
        return dataDirectory.resolve(SNAPSHOT_FILE);
    }
}

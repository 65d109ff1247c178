package dev.cistern.app;

import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.Secret;
import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.dispatch.CommandView;
import dev.cistern.engine.memcached.MemcachedOptions;
import dev.cistern.engine.settings.Settings;
import java.security.SecureRandom;
import java.util.Map;

/** What our own engine is told of a node that the control plane wants, be it in this JVM or in one of its own. */
final class NodeSettings {

    /** What INFO shows on AWS; tools that look for a managed cache look here. */
    private static final String OPERATING_SYSTEM = "Amazon ElastiCache";

    /** What the engine has a use for; AWS has more. */
    private static final Settings KNOWN = new Settings();

    private static final SecureRandom SECRETS = new SecureRandom();

    private NodeSettings() {}

    static NodeOptions of(NodeSpec spec) {
        NodeOptions options = NodeOptions.onPort(spec.nodeId(), spec.port())
                .withOperatingSystem(OPERATING_SYSTEM)
                .withInternalUser(spec.admin().user(), spec.admin().password().reveal())
                .withCustomerView(
                        CommandView.ELASTICACHE.renaming(spec.parameters().getOrDefault("rename-commands", "")));
        for (Map.Entry<String, String> parameter : spec.parameters().entrySet()) {
            if (KNOWN.find(parameter.getKey()) != null) {
                options = options.with(parameter.getKey(), parameter.getValue());
            }
        }
        options = options.withEpoch(Long.parseLong(spec.parameters().getOrDefault(NodeSpec.EPOCH, "0")));
        if (!spec.open()) {
            options = options.with("requirepass", Secret.generate(SECRETS).reveal());
        }
        return options.with("bind", spec.bindAddress())
                .with("maxmemory", Long.toString(spec.maxMemoryBytes()))
                .with("dir", spec.dataDirectory().toString())
                .with("dbfilename", NodeSpec.SNAPSHOT_FILE)
                .with("save", "")
                // Who may reach a node is the business of its security groups and users, as on AWS.
                .with("protected-mode", "no");
    }

    static MemcachedOptions memcached(NodeSpec spec) {
        MemcachedOptions options = MemcachedOptions.onPort(spec.nodeId(), spec.port());
        for (Map.Entry<String, String> parameter : spec.parameters().entrySet()) {
            options = options.with(parameter.getKey(), parameter.getValue());
        }
        return options.with("bind", spec.bindAddress()).with("version", spec.engineVersion())
                .with("manager_password", spec.admin().password().reveal())
                // AWS took these commands away from its customers with one version.
                .with("admin_commands", MemcachedOptions.isAtLeast(spec.engineVersion(), 1, 6, 17) ? "0" : "1");
    }
}

package dev.cistern.control;

import dev.cistern.control.backup.BackupOptions;
import dev.cistern.control.backup.SnapshotSplitter;
import dev.cistern.control.key.KeyVault;
import dev.cistern.control.node.LoginKeys;
import dev.cistern.control.node.NodeRuntime;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.random.RandomGenerator;

/**
 * What a {@link ControlPlane} is made of: where its state lies, how nodes run, and what time and chance are.
 *
 * @param stateDirectory  folder of the database and of the nodes' data, created with rights for its owner alone
 * @param runtime         runs the nodes; the control plane closes it
 * @param caller          account and region of a call that names none
 * @param endpoints       which addresses and ports nodes get
 * @param quotas          AWS's limits per account
 * @param clock           the time in every record and event
 * @param random          chooses names, zones and windows that are then stored; safe for many threads. Passwords never
 *                        come from it
 * @param pauses          how a workflow waits
 * @param backups         where snapshots lie; the control plane closes it
 * @param loginKeys       who may log in to nodes by a signed token
 * @param keys            what nodes encrypt their files with; none for nodes that cannot
 * @param sources         where data may move in from
 * @param splitter        restores snapshots into other shapes
 */
public record ControlPlaneOptions(
        Path stateDirectory,
        NodeRuntime runtime,
        Caller caller,
        EndpointOptions endpoints,
        Quotas quotas,
        Clock clock,
        RandomGenerator random,
        Pauses pauses,
        BackupOptions backups,
        LoginKeys loginKeys,
        KeyVault keys,
        MigrationSources sources,
        SnapshotSplitter splitter) {

    /** The options of a laptop: 127.0.0.1, ports from 6379 on, AWS's default quotas. */
    public static ControlPlaneOptions of(Path stateDirectory, NodeRuntime runtime) {
        return new ControlPlaneOptions(
                stateDirectory,
                runtime,
                Caller.DEFAULT,
                EndpointOptions.DEFAULT,
                Quotas.DEFAULT,
                Clock.systemUTC(),
                new SecureRandom(),
                Pauses.REAL,
                BackupOptions.inFolder(stateDirectory),
                LoginKeys.NONE,
                KeyVault.NONE,
                MigrationSources.forLocalCallers(),
                SnapshotSplitter.NONE);
    }

    public ControlPlaneOptions withCaller(Caller value) {
        return new ControlPlaneOptions(stateDirectory, runtime, value, endpoints, quotas, clock, random, pauses,
                backups, loginKeys, keys, sources, splitter);
    }

    public ControlPlaneOptions withEndpoints(EndpointOptions value) {
        return new ControlPlaneOptions(stateDirectory, runtime, caller, value, quotas, clock, random, pauses, backups,
                loginKeys, keys, sources, splitter);
    }

    public ControlPlaneOptions withQuotas(Quotas value) {
        return new ControlPlaneOptions(stateDirectory, runtime, caller, endpoints, value, clock, random, pauses,
                backups, loginKeys, keys, sources, splitter);
    }

    /** Time as a simulation or a test wants it: both what the clock says and how waiting passes. */
    public ControlPlaneOptions withTime(Clock newClock, Pauses newPauses) {
        return new ControlPlaneOptions(
                stateDirectory, runtime, caller, endpoints, quotas, newClock, random, newPauses, backups, loginKeys,
                keys, sources, splitter);
    }

    public ControlPlaneOptions withBackups(BackupOptions value) {
        return new ControlPlaneOptions(stateDirectory, runtime, caller, endpoints, quotas, clock, random, pauses,
                value, loginKeys, keys, sources, splitter);
    }

    public ControlPlaneOptions withLoginKeys(LoginKeys value) {
        return new ControlPlaneOptions(stateDirectory, runtime, caller, endpoints, quotas, clock, random, pauses,
                backups, value, keys, sources, splitter);
    }

    public ControlPlaneOptions withKeys(KeyVault value) {
        return new ControlPlaneOptions(stateDirectory, runtime, caller, endpoints, quotas, clock, random, pauses,
                backups, loginKeys, value, sources, splitter);
    }

    public ControlPlaneOptions withRandom(RandomGenerator value) {
        return new ControlPlaneOptions(stateDirectory, runtime, caller, endpoints, quotas, clock, value, pauses,
                backups, loginKeys, keys, sources, splitter);
    }

    public ControlPlaneOptions withSources(MigrationSources value) {
        return new ControlPlaneOptions(stateDirectory, runtime, caller, endpoints, quotas, clock, random, pauses,
                backups, loginKeys, keys, value, splitter);
    }

    public ControlPlaneOptions withSplitter(SnapshotSplitter value) {
        return new ControlPlaneOptions(stateDirectory, runtime, caller, endpoints, quotas, clock, random, pauses,
                backups, loginKeys, keys, sources, value);
    }
}

package dev.cistern.engine.commands;

import dev.cistern.engine.cluster.CisternCommands;
import dev.cistern.engine.cluster.ClusterCommands;
import dev.cistern.engine.cluster.ClusterScanCommand;
import dev.cistern.engine.cluster.MigrateCommand;
import dev.cistern.engine.cluster.RoutingCommands;
import dev.cistern.engine.dispatch.CommandIndex;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.replication.ReplicationCommands;
import dev.cistern.engine.scripting.EvalCommands;
import dev.cistern.engine.scripting.FunctionCommands;
import java.util.List;
import java.util.stream.Stream;

/** All families of commands that there are: a new one is named here, and nowhere else. */
public final class Families {

    private static final List<CommandTable> TABLES = List.of(
            ConnectionCommands.TABLE,
            ClientCommands.TABLE,
            ServerCommands.TABLE,
            ReplicationCommands.TABLE,
            TransactionCommands.TABLE,
            PubSubCommands.TABLE,
            DatabaseCommands.TABLE,
            SnapshotCommands.TABLE,
            AclCommands.TABLE,
            MonitorCommand.TABLE,
            ConfigCommands.TABLE,
            InfoCommand.TABLE,
            IntrospectionCommands.TABLE,
            MemoryCommands.TABLE,
            SlowlogCommands.TABLE,
            LatencyCommands.TABLE,
            ModuleCommands.TABLE,
            DebugCommands.TABLE,
            KeyCommands.TABLE,
            ExpiryCommands.TABLE,
            ScanCommands.TABLE,
            DumpCommands.TABLE,
            SortCommands.TABLE,
            StringCommands.TABLE,
            ListCommands.TABLE,
            BlockingListCommands.TABLE,
            SortedSetCommands.TABLE,
            SortedRangeCommands.TABLE,
            SortedAlgebraCommands.TABLE,
            SortedWalkCommands.TABLE,
            BlockingSortedSetCommands.TABLE,
            GeoCommands.TABLE,
            GeoSearchCommands.TABLE,
            SubstringCommands.TABLE,
            CounterCommands.TABLE,
            BitmapCommands.TABLE,
            BitfieldCommands.TABLE,
            HashCommands.TABLE,
            HashWalkCommands.TABLE,
            HashExpiryCommands.TABLE,
            SetCommands.TABLE,
            SetCombiningCommands.TABLE,
            EvalCommands.TABLE,
            FunctionCommands.TABLE,
            HyperLogLogCommands.TABLE,
            StreamCommands.TABLE,
            StreamReadCommands.TABLE,
            StreamGroupCommands.TABLE,
            StreamClaimCommands.TABLE,
            StreamInfoCommands.TABLE,
            ClusterCommands.TABLE,
            RoutingCommands.TABLE,
            ClusterScanCommand.TABLE,
            MigrateCommand.TABLE,
            CisternCommands.TABLE);

    private Families() {}

    /** The commands of a node, and perhaps some more: tests have some of their own. */
    public static CommandIndex index(CommandTable... more) {
        return new CommandIndex(Stream.concat(TABLES.stream(), Stream.of(more)).toList());
    }
}

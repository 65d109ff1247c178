package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.MemoryReport;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.settings.MemorySize;
import dev.cistern.store.Keyspace;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.KeySpec.key;

/** MEMORY: where the memory is, and giving some of it back. */
final class MemoryCommands {

    static final CommandTable TABLE = CommandTable.of("server",
            command("MEMORY", -2).holds(
                    command("DOCTOR", 2, tip("nondeterministic_output"), tip("request_policy:all_shards"),
                            tip("response_policy:special")).runsInSession(MemoryCommands::doctor),
                    command("HELP", 2, dev.cistern.engine.dispatch.Flag.LOADING, dev.cistern.engine.dispatch.Flag.STALE)
                            .runsInSession(Help.of("MEMORY",
                                    "DOCTOR", "    What might be wrong with the memory, in words.",
                                    "MALLOC-STATS", "    What the allocator knows.",
                                    "PURGE", "    Gives free pages back to the operating system.",
                                    "STATS", "    How much memory is used for what.",
                                    "USAGE <key> [SAMPLES <count>]", "    How many bytes a key and its value take.")),
                    command("MALLOC-STATS", 2, tip("nondeterministic_output"), tip("request_policy:all_shards"),
                            tip("response_policy:special")).runsInSession(MemoryCommands::mallocStats),
                    command("PURGE", 2, tip("request_policy:all_shards"), tip("response_policy:all_succeeded"))
                            .runsInSession(MemoryCommands::purge),
                    command("STATS", 2, tip("nondeterministic_output"), tip("request_policy:all_shards"),
                            tip("response_policy:special")).runsInSession(MemoryCommands::stats),
                    command("USAGE", -3, key(2).as(dev.cistern.engine.dispatch.KeySpec.Use.RO), READ)
                            .runs(MemoryCommands::usage)));

    private static final double HEALTHY_FRAGMENTATION = 1.4;
    private static final long TOO_SMALL_TO_JUDGE_BYTES = 5 << 20;

    private MemoryCommands() {}

    static void usage(Keyspace keyspace, Request request, Reply reply) {
        requireSamples(request);
        long entry = keyspace.find(request.key(2), Keyspace.NO_TOUCH | Keyspace.NO_STATS);
        if (entry == Keyspace.ABSENT) {
            reply.nullBulk();
        } else {
            reply.integer(keyspace.memoryUsage(request.key(2), entry));
        }
    }

    /** Sizes are exact here, so how many members to look at changes nothing; it still has to be a number. */
    private static void requireSamples(Request request) {
        for (int i = 3; i < request.count(); i += 2) {
            if (!request.is(i, "SAMPLES") || i + 1 >= request.count()) {
                throw CommandException.SYNTAX_ERROR;
            }
            if (request.longAt(i + 1) < 0) {
                throw CommandException.SYNTAX_ERROR;
            }
        }
    }

    static void purge(Session session, Request request, Reply reply) {
        session.node().store().purge();
        reply.ok();
    }

    static void stats(Session session, Request request, Reply reply) {
        MemoryReport report = MemoryReport.of(session.node());
        long keys = report.keys();
        reply.map(15 + report.databases().size());
        number(reply, "peak.allocated", report.peakBytes());
        number(reply, "total.allocated", report.usedBytes());
        number(reply, "startup.allocated", report.startupBytes());
        number(reply, "replication.backlog", 0);
        number(reply, "clients.slaves", 0);
        number(reply, "clients.normal", report.sessionBytes());
        number(reply, "overhead.total", report.overheadBytes());
        for (MemoryReport.Database database : report.databases()) {
            reply.bulk("db." + database.number());
            reply.map(2);
            number(reply, "overhead.hashtable.main", database.indexBytes());
            number(reply, "overhead.hashtable.expires", 0);
        }
        number(reply, "keys.count", keys);
        number(reply, "keys.bytes-per-key", keys == 0 ? 0 : report.datasetBytes() / keys);
        number(reply, "dataset.bytes", report.datasetBytes());
        real(reply, "dataset.percentage", report.datasetPercentage());
        real(reply, "peak.percentage", report.peakPercentage());
        number(reply, "allocator.resident", report.residentBytes());
        real(reply, "fragmentation", report.fragmentationRatio());
        number(reply, "fragmentation.bytes", Math.max(0, report.residentBytes() - report.usedBytes()));
    }

    private static void number(Reply reply, String name, long value) {
        reply.bulk(name);
        reply.integer(value);
    }

    private static void real(Reply reply, String name, double value) {
        reply.bulk(name);
        reply.real(value);
    }

    static void doctor(Session session, Request request, Reply reply) {
        MemoryReport report = MemoryReport.of(session.node());
        if (report.usedBytes() < TOO_SMALL_TO_JUDGE_BYTES) {
            reply.verbatim("This node holds too little to say anything: less than "
                    + MemorySize.human(TOO_SMALL_TO_JUDGE_BYTES) + ".");
            return;
        }
        List<String> findings = new ArrayList<>();
        if (report.fragmentationRatio() > HEALTHY_FRAGMENTATION) {
            findings.add(String.format(Locale.ROOT, "Fragmentation is %.2f: the operating system backs %s for %s of "
                    + "data. MEMORY PURGE gives back what is free.", report.fragmentationRatio(),
                    MemorySize.human(report.residentBytes()), MemorySize.human(report.usedBytes())));
        }
        if (report.peakBytes() > report.usedBytes() * 3 / 2) {
            findings.add("The peak, " + MemorySize.human(report.peakBytes()) + ", is far above what is used now, "
                    + MemorySize.human(report.usedBytes()) + ".");
        }
        if (report.sessionBytes() > report.usedBytes() / 2) {
            findings.add("Clients hold much memory, " + MemorySize.human(report.sessionBytes())
                    + ": replies that they do not read, or requests that they do not end.");
        }
        reply.verbatim(findings.isEmpty() ? "Nothing is wrong with this node's memory." : String.join("\n", findings));
    }

    static void mallocStats(Session session, Request request, Reply reply) {
        reply.verbatim(MemoryReport.of(session.node()).allocatorText());
    }
}

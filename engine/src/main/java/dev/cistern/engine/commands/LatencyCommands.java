package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandIndex;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Durations;
import dev.cistern.engine.dispatch.LatencyMonitor;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.STALE;

/** LATENCY: spikes by event, and how long each command usually takes. */
final class LatencyCommands {

    static final CommandTable TABLE = CommandTable.of("server",
            command("LATENCY", -2).holds(
                    command("DOCTOR", 2, ADMIN, NO_SCRIPT, LOADING, STALE, tip("nondeterministic_output"),
                            tip("request_policy:all_nodes"), tip("response_policy:special"))
                            .runsInSession(LatencyCommands::doctor),
                    command("GRAPH", 3, ADMIN, NO_SCRIPT, LOADING, STALE, tip("nondeterministic_output"),
                            tip("request_policy:all_nodes"), tip("response_policy:special"))
                            .runsInSession(LatencyCommands::graph),
                    command("HELP", 2, LOADING, STALE).runsInSession(Help.of("LATENCY",
                            "DOCTOR", "    What the spikes say, in words.",
                            "GRAPH <event>", "    The spikes of an event as a picture.",
                            "HISTOGRAM [<command> ...]", "    How many calls took at most how many microseconds.",
                            "HISTORY <event>", "    The spikes of an event: when, and how many milliseconds.",
                            "LATEST", "    The last spike of each event.",
                            "RESET [<event> ...]", "    Forgets the spikes of these events, or of all.")),
                    command("HISTOGRAM", -2, ADMIN, NO_SCRIPT, LOADING, STALE, tip("nondeterministic_output"),
                            tip("request_policy:all_nodes"), tip("response_policy:special"))
                            .runsInSession(LatencyCommands::histogram),
                    command("HISTORY", 3, ADMIN, NO_SCRIPT, LOADING, STALE, tip("nondeterministic_output"),
                            tip("request_policy:all_nodes"), tip("response_policy:special"))
                            .runsInSession(LatencyCommands::history),
                    command("LATEST", 2, ADMIN, NO_SCRIPT, LOADING, STALE, tip("nondeterministic_output"),
                            tip("request_policy:all_nodes"), tip("response_policy:special"))
                            .runsInSession(LatencyCommands::latest),
                    command("RESET", -2, ADMIN, NO_SCRIPT, LOADING, STALE, tip("request_policy:all_nodes"),
                            tip("response_policy:all_succeeded")).runsInSession(LatencyCommands::reset)));

    private LatencyCommands() {}

    static void latest(Session session, Request request, Reply reply) {
        List<LatencyMonitor.Summary> events = session.node().latency().latest();
        reply.array(events.size());
        for (LatencyMonitor.Summary event : events) {
            reply.array(4);
            reply.bulk(event.event());
            reply.integer(event.latest().unixSeconds());
            reply.integer(event.latest().millis());
            reply.integer(event.maxMillis());
        }
    }

    static void history(Session session, Request request, Reply reply) {
        List<LatencyMonitor.Sample> samples = session.node().latency().history(request.text(2));
        reply.array(samples.size());
        for (LatencyMonitor.Sample sample : samples) {
            reply.array(2);
            reply.integer(sample.unixSeconds());
            reply.integer(sample.millis());
        }
    }

    static void reset(Session session, Request request, Reply reply) {
        LatencyMonitor monitor = session.node().latency();
        if (request.count() == 2) {
            reply.integer(monitor.resetAll());
            return;
        }
        int known = 0;
        for (int i = 2; i < request.count(); i++) {
            known += monitor.reset(request.text(i)) ? 1 : 0;
        }
        reply.integer(known);
    }

    static void doctor(Session session, Request request, Reply reply) {
        long threshold = session.node().settings().latencyMonitorThreshold.value();
        List<LatencyMonitor.Summary> events = session.node().latency().latest();
        if (threshold == 0 && events.isEmpty()) {
            reply.verbatim(
                    "Latency monitoring is off on this node. CONFIG SET latency-monitor-threshold <milliseconds> "
                            + "switches it on.");
            return;
        }
        StringBuilder report = new StringBuilder();
        report.append(
                events.isEmpty() ? "No spike was seen since the last reset.\n" : "Spikes since the last reset:\n");
        for (LatencyMonitor.Summary event : events) {
            List<LatencyMonitor.Sample> samples = session.node().latency().history(event.event());
            double mean = samples.stream().mapToLong(LatencyMonitor.Sample::millis).average().orElse(0);
            report.append(String.format(Locale.ROOT, "%s: %d in all, %.0f ms on average, %d ms at worst, %d ms last%n",
                    event.event(), samples.size(), mean, event.maxMillis(), event.latest().millis()));
        }
        reply.verbatim(report.toString());
    }

    private static final int GRAPH_ROWS = 8;
    private static final int GRAPH_COLUMNS = 80;

    static void graph(Session session, Request request, Reply reply) {
        String event = request.text(2);
        List<LatencyMonitor.Sample> samples = session.node().latency().history(event);
        if (samples.isEmpty()) {
            throw CommandException.of("ERR No samples available for event '" + event + "'");
        }
        List<LatencyMonitor.Sample> shown = samples.subList(Math.max(0, samples.size() - GRAPH_COLUMNS),
                samples.size());
        long most = shown.stream().mapToLong(LatencyMonitor.Sample::millis).max().orElse(1);
        long least = shown.stream().mapToLong(LatencyMonitor.Sample::millis).min().orElse(0);
        StringBuilder graph = new StringBuilder(
                String.format(Locale.ROOT, "%s - high %d ms, low %d ms%n", event, most, least));
        for (int row = GRAPH_ROWS; row >= 1; row--) {
            for (LatencyMonitor.Sample sample : shown) {
                graph.append(sample.millis() * GRAPH_ROWS >= most * row ? '#' : ' ');
            }
            graph.append('\n');
        }
        reply.verbatim(graph.toString());
    }

    static void histogram(Session session, Request request, Reply reply) {
        CommandIndex index = session.commands();
        List<Command> commands = new ArrayList<>();
        for (int i = 2; i < request.count(); i++) {
            Command named = index.find(request.text(i));
            if (named != null) {
                commands.add(named);
                commands.addAll(named.subcommands().values());
            }
        }
        if (request.count() == 2) {
            commands.addAll(index.numbered());
        }
        List<Durations> durations = commands.stream().map(command -> Durations.of(session.node(), command))
                .filter(ofOne -> ofOne.calls() > 0).toList();
        reply.map(durations.size());
        for (Durations ofOne : durations) {
            reply.bulk(ofOne.command().fullName());
            reply.map(2);
            reply.bulk("calls");
            reply.integer(ofOne.calls());
            reply.bulk("histogram_usec");
            steps(ofOne, reply);
        }
    }

    /** How many calls took at most 1, 2, 4… microseconds, up to where all are counted. */
    private static void steps(Durations durations, Reply reply) {
        List<Durations.Step> steps = durations.stepsByOctave();
        reply.map(steps.size());
        for (Durations.Step step : steps) {
            reply.integer(step.micros());
            reply.integer(step.calls());
        }
    }
}

package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.Category;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.STALE;

/** INFO: which sections to tell, and in which order. What a section says stands in {@link InfoSections}. */
final class InfoCommand {

    static final CommandTable TABLE = CommandTable.of("server",
            command("INFO", -1, LOADING, STALE, Category.DANGEROUS, tip("nondeterministic_output"),
                    tip("request_policy:all_shards"), tip("response_policy:special"))
                    .runsInSession(InfoCommand::info));

    /** The sections, in the order in which they are told. */
    enum Section {
        SERVER, CLIENTS, MEMORY, PERSISTENCE, STATS, REPLICATION, CPU, MODULES, COMMANDSTATS, ERRORSTATS, LATENCYSTATS, CLUSTER, KEYSPACE
    }

    private static final Set<Section> ONLY_WHEN_ASKED_FOR = EnumSet.of(Section.COMMANDSTATS, Section.LATENCYSTATS);

    private InfoCommand() {}

    static void info(Session session, Request request, Reply reply) {
        InfoSections sections = new InfoSections(session.node());
        for (Section section : wanted(request)) {
            sections.add(section);
        }
        reply.verbatim(sections.text());
    }

    private static Set<Section> wanted(Request request) {
        Set<Section> wanted = EnumSet.noneOf(Section.class);
        for (int i = 1; i < request.count(); i++) {
            add(request.text(i).toUpperCase(Locale.ROOT), wanted);
        }
        if (request.count() == 1) {
            wanted.addAll(EnumSet.complementOf(EnumSet.copyOf(ONLY_WHEN_ASKED_FOR)));
        }
        return wanted;
    }

    /** A name that is no section asks for nothing, as in the original. */
    private static void add(String name, Set<Section> wanted) {
        switch (name) {
            case "ALL", "EVERYTHING" -> wanted.addAll(EnumSet.allOf(Section.class));
            case "DEFAULT" -> wanted.addAll(EnumSet.complementOf(EnumSet.copyOf(ONLY_WHEN_ASKED_FOR)));
            default -> {
                for (Section section : Section.values()) {
                    if (section.name().equals(name)) {
                        wanted.add(section);
                    }
                }
            }
        }
    }
}

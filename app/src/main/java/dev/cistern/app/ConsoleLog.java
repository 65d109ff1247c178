package dev.cistern.app;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import org.slf4j.LoggerFactory;

/**
 * What the terminal shows of the log. Quiet unless asked: our own events and everybody's warnings, one short line each,
 * on stderr because stdout is for answers. Set up in code, since reading an XML file would lengthen every start.
 */
final class ConsoleLog {

    private ConsoleLog() {}

    static void start(boolean verbose) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        PatternLayoutEncoder lines = new PatternLayoutEncoder();
        lines.setContext(context);
        lines.setPattern(verbose
                ? "%d{HH:mm:ss.SSS} %-5level %-24.24thread %logger{24} %msg%n"
                : "%d{HH:mm:ss} %replace(%-5level){'INFO ', '     '} %msg%n");
        lines.start();
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setContext(context);
        console.setTarget("System.err");
        console.setEncoder(lines);
        console.start();
        context.getLogger("ROOT").addAppender(console);
        context.getLogger("ROOT").setLevel(verbose ? Level.INFO : Level.WARN);
        context.getLogger("dev.cistern").setLevel(verbose ? Level.DEBUG : Level.INFO);
    }
}

package dev.cistern.samples.hybrid;

import dev.cistern.samples.lab.Lab;
import dev.cistern.samples.web.Tokens;
import dev.cistern.samples.web.WebServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.BindException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Starts the hybrid demo in the foreground, from the node up to the page, and ends it from the page down. */
// @formatter:off
@Command(name = "hybrid",
        description = "A slow, far database made fast: starts a Cistern node, a database and a page that shows both. "
                + "Nothing needs to be installed. Ends with Ctrl-C.",
        footer = {"",
                "The page asks for the database's password each time and stores it nowhere.",
                "",
                "Examples:",
                "  cistern demo hybrid",
                "  cistern demo hybrid --rows 1000000 --port 9000",
                "  cistern demo hybrid --jdbc-url jdbc:postgresql://db.example:5432/library --user reader",
                "  cistern demo hybrid --driver mariadb-java-client-3.5.1.jar --jdbc-url jdbc:mariadb://127.0.0.1/shop"})
// @formatter:on
public final class HybridCommand implements Callable<Integer> {

    private static final int BAD_ENVIRONMENT = 253;
    private static final int USUAL_PORT = 8380;

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", description = "The page's port, 0 for any free one (default "
            + USUAL_PORT + ", or a free one if that is taken).")
    private @Nullable Integer port;

    @Option(names = "--rows", paramLabel = "N", defaultValue = "100000", description = "Rows of the sample that the page proposes (default ${DEFAULT-VALUE}).")
    private int rows;

    @Option(names = "--jdbc-url", paramLabel = "URL", description = "Your own PostgreSQL, MySQL or MariaDB (default: one that comes with the demo).")
    private @Nullable String jdbcUrl;

    @Option(names = "--user", paramLabel = "NAME", description = "The user of --jdbc-url.")
    private @Nullable String user;

    @Option(names = "--driver", paramLabel = "JAR", description = "The JDBC driver to use: MySQL's and MariaDB's do not come with the demo.")
    private @Nullable Path driver;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    public HybridCommand() {}

    @Override
    public Integer call() throws InterruptedException {
        if (driver != null) {
            loadDriver(driver);
        }
        HybridDemo.@Nullable Wish wish = ownDatabase();
        if (rows < 1 || rows > Sample.MOST_ROWS) {
            throw wrong("--rows is 1 to " + Sample.MOST_ROWS);
        }
        Deque<AutoCloseable> started = new ArrayDeque<>();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> closeAll(started), "shutdown"));
        try {
            start(wish, started);
        } catch (IOException | SQLException e) {
            spec.commandLine().getErr().println("cistern demo hybrid: " + e.getMessage());
            spec.commandLine().getErr().println("Another port: --port 0");
            return BAD_ENVIRONMENT;
        }
        new CountDownLatch(1).await();
        return 0;
    }

    private HybridDemo.@Nullable Wish ownDatabase() {
        if (jdbcUrl == null) {
            if (user != null) {
                throw wrong("--user goes with --jdbc-url");
            }
            return null;
        }
        try {
            requireDriver(DatabaseProfile.read(jdbcUrl).direct());
            return new HybridDemo.Wish(jdbcUrl, user == null ? "" : user, rows, LinkSettings.FAR);
        } catch (IllegalArgumentException e) {
            throw wrong("--jdbc-url: " + e.getMessage());
        }
    }

    private void requireDriver(String address) {
        if (!JdbcDriver.isThereFor(address)) {
            throw wrong("no JDBC driver for " + address + ": bring one with --driver JAR");
        }
    }

    private void loadDriver(Path jar) {
        try {
            JdbcDriver.load(jar);
        } catch (IOException e) {
            throw wrong("--driver: " + e.getMessage());
        }
    }

    private void start(HybridDemo.@Nullable Wish wish, Deque<AutoCloseable> started) throws IOException, SQLException {
        SecureRandom random = new SecureRandom();
        Tokens tokens = new Tokens();
        WebServer server = listen(tokens);
        started.push(server);
        DemoNode node = DemoNode.start(Passwords.secret(random));
        started.push(node);
        String password = Passwords.spoken(random);
        HybridDemo demo = wish != null
                ? HybridDemo.over(node, wish, tokens)
                : HybridDemo.withDatabase(node, password, Passwords.secret(random), rows, tokens);
        started.push(demo);
        Lab lab = new Lab(node);
        started.push(lab);
        demo.serve(server);
        lab.serve(server);
        server.start();
        announce(server.url(), wish == null ? password : null);
    }

    private WebServer listen(Tokens tokens) throws IOException {
        try {
            return WebServer.on(port == null ? USUAL_PORT : port, tokens);
        } catch (BindException e) {
            if (port == null) {
                return WebServer.on(0, tokens);
            }
            throw new IOException("port " + port + " cannot be used: " + e.getMessage(), e);
        }
    }

    private void announce(String url, @Nullable String password) {
        PrintWriter out = spec.commandLine().getOut();
        out.println("The demo is up: " + url);
        out.println("The address is a key: who has it can use the page. It ends with this process.");
        if (password != null) {
            out.println("The database's password, which the page will ask for: " + password);
        }
        out.println("Ctrl-C ends it; nothing stays.");
        out.flush();
    }

    /** Last started, first closed. */
    private static void closeAll(Deque<AutoCloseable> started) {
        while (!started.isEmpty()) {
            try {
                started.pop().close();
            } catch (Exception e) {
                // The process is ending; the others are to be closed too.
            }
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}

package dev.cistern.samples.hybrid;

import dev.cistern.samples.web.HttpFailure;
import dev.cistern.samples.web.Tokens;
import dev.cistern.samples.web.WebServer;
import dev.cistern.toolkit.CacheKit;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What the page's buttons do: connects to the one database of the moment, asks it, clears the cache, moves the database
 * away and stops it. It decides who may what and when; the work is in the classes it calls. Every call comes on a thread
 * of its own; connecting, loading and stopping go one after the other.
 */
public final class HybridDemo implements AutoCloseable {

    /** What every key of the demo begins with. */
    public static final String PREFIX = "hybrid:";

    private static final int SLOWDOWN_AFTER_REFUSAL_MILLIS = 500;

    private final DemoNode node;
    private final @Nullable EmbeddedDatabase embedded;
    private final Wish wish;
    private final Tokens tokens;
    private final CacheCounts counts = new CacheCounts();
    private final CacheKit kit;
    private final Sample sample = new Sample();
    private final ReentrantLock changing = new ReentrantLock();
    private final ReentrantLock loadTest = new ReentrantLock();
    private volatile @Nullable FarDatabase database;

    /** What the command line said: how the form is filled, and how many rows the sample has if the page says nothing. */
    public record Wish(String url, String user, int rows, LinkSettings link) {}

    private HybridDemo(DemoNode node, @Nullable EmbeddedDatabase embedded, Wish wish, Tokens tokens) {
        this.node = node;
        this.embedded = embedded;
        this.wish = wish;
        this.tokens = tokens;
        this.kit = node.kit(PREFIX, counts);
    }

    /** A demo over a database of the user's own. */
    public static HybridDemo over(DemoNode node, Wish wish, Tokens tokens) {
        return new HybridDemo(node, null, wish, tokens);
    }

    /** A demo with a database of its own, whose reader has this password. */
    public static HybridDemo withDatabase(DemoNode node, String readerPassword, String ownerPassword, int rows,
            Tokens tokens) throws SQLException {
        EmbeddedDatabase embedded = EmbeddedDatabase.start(readerPassword, ownerPassword);
        Wish wish = new Wish(embedded.url(), EmbeddedDatabase.READER, rows, LinkSettings.FAR);
        return new HybridDemo(node, embedded, wish, tokens);
    }

    /** Puts the demo's calls on the server. */
    public void serve(WebServer server) {
        server.firstCall("start", Nothing.class, _ -> start())
                .firstCall("connect", Connect.class, this::connect)
                .call("status", Nothing.class, _ -> status())
                .call("sample", Load.class, this::loadSample)
                .call("query", Ask.class, this::query)
                .call("clear", Nothing.class, _ -> new Cleared(node.clear(PREFIX)))
                .call("link", LinkSettings.class, this::setLink)
                .call("database", Running.class, this::setRunning)
                .call("load", Factor.class, this::runLoad);
    }

    // The calls' bodies and answers.

    record Nothing() {}

    record Connect(@Nullable String url, @Nullable String user, @Nullable String password) {}

    record Load(int rows) {}

    record Ask(@Nullable String sql, boolean withoutCache) {}

    record Running(boolean running) {}

    record Factor(int factor, boolean withCache) {}

    record Cleared(long removed) {}

    record Start(String url, String user, boolean isEmbedded, int rows, int mostRows, int nodePort) {}

    record Connected(String token, String database, Status status) {}

    record Status(String database, String address, boolean isEmbedded, boolean running, LinkSettings link,
            Sample.Progress sample, CacheCounts.Counts cache) {}

    private Start start() {
        return new Start(wish.url(), wish.user(), embedded != null, wish.rows(), Sample.MOST_ROWS, node.port());
    }

    private Connected connect(Connect who) throws HttpFailure, InterruptedException {
        DatabaseProfile.Address address = address(Objects.requireNonNullElse(who.url(), ""));
        changing.lockInterruptibly();
        try {
            FarDatabase before = database;
            LinkSettings far = before == null ? wish.link() : before.link().settings();
            FarDatabase now = FarDatabase.connect(address, Objects.requireNonNullElse(who.user(), ""), Objects
                    .requireNonNullElse(who.password(), ""), far, kit);
            database = now;
            if (before != null) {
                if (!before.address().equals(now.address())) {
                    tokens.forgetAll();
                }
                before.close();
            }
            return new Connected(tokens.give(), now.title(), status());
        } catch (SQLException e) {
            Thread.sleep(SLOWDOWN_AFTER_REFUSAL_MILLIS);
            throw new HttpFailure(403, "No connection. The database says: " + e.getMessage());
        } catch (IOException e) {
            throw new HttpFailure(503, "No link to the database could be laid: " + e.getMessage());
        } finally {
            changing.unlock();
        }
    }

    private static DatabaseProfile.Address address(String url) throws HttpFailure {
        try {
            return DatabaseProfile.read(url);
        } catch (IllegalArgumentException e) {
            throw new HttpFailure(400, String.valueOf(e.getMessage()));
        }
    }

    private FarDatabase connected() throws HttpFailure {
        FarDatabase now = database;
        if (now == null) {
            throw new HttpFailure(401, "Connect first.");
        }
        return now;
    }

    private Status status() throws HttpFailure {
        FarDatabase now = connected();
        return new Status(now.title(), now.address(), isEmbedded(now), now.isReachable(), now.link().settings(), sample
                .progress(), counts.now());
    }

    private boolean isEmbedded(FarDatabase now) {
        return embedded != null && now.address().equals(embedded.url());
    }

    private Status loadSample(Load wanted) throws HttpFailure {
        if (wanted.rows() < 1 || wanted.rows() > Sample.MOST_ROWS) {
            throw new HttpFailure(400, "A sample has 1 to " + Sample.MOST_ROWS + " rows.");
        }
        FarDatabase now = connected();
        if (!now.isReachable()) {
            throw new HttpFailure(409, "The database is stopped; start it first.");
        }
        EmbeddedDatabase own = embedded;
        Sample.Writing writing = own != null && isEmbedded(now) ? own::owner : now::writing;
        if (!sample.start(writing, wanted.rows(), () -> now.forget(Incidents.TABLE))) {
            throw new HttpFailure(409, "A sample is being loaded already.");
        }
        return status();
    }

    private QueryRunner.Answer query(Ask wanted) throws HttpFailure {
        FarDatabase now = connected();
        try {
            QueryGate.Question question = QueryGate.admit(Objects.requireNonNullElse(wanted.sql(), ""));
            return QueryRunner.run(now, question, !wanted.withoutCache());
        } catch (QueryGate.RefusedException e) {
            return QueryRunner.Answer.failed(String.valueOf(e.getMessage()), 0);
        }
    }

    private Status setLink(LinkSettings wanted) throws HttpFailure {
        connected().link().set(wanted);
        return status();
    }

    /** The built-in database is really stopped; of one's own only the link is cut. */
    private Status setRunning(Running wanted) throws HttpFailure, InterruptedException {
        FarDatabase now = connected();
        changing.lockInterruptibly();
        try {
            if (embedded != null && isEmbedded(now)) {
                if (wanted.running()) {
                    embedded.resume();
                } else {
                    embedded.stop();
                }
            }
            now.setReachable(wanted.running());
            return status();
        } catch (SQLException e) {
            throw new HttpFailure(500, "The database does not start: " + e.getMessage());
        } finally {
            changing.unlock();
        }
    }

    private LoadTest.Outcome runLoad(Factor wanted) throws HttpFailure, InterruptedException {
        FarDatabase now = connected();
        if (wanted.factor() != 1 && wanted.factor() != 10 && wanted.factor() != 100) {
            throw new HttpFailure(400, "The load is 1, 10 or 100 times.");
        }
        if (!loadTest.tryLock()) {
            throw new HttpFailure(409, "A load is running already.");
        }
        try {
            return LoadTest.run(now, wanted.factor(), wanted.withCache());
        } finally {
            loadTest.unlock();
        }
    }

    @Override
    public void close() {
        FarDatabase last = database;
        if (last != null) {
            last.close();
        }
        kit.close();
        if (embedded != null) {
            embedded.close();
        }
    }
}

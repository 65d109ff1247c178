package dev.cistern.toolkit;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

/** The README's code: all of it compiles, and its first minute runs and prints what it says. */
final class ReadmeTest {

    /** What the shorter pieces take for granted. */
    private static final String AROUND = """
            import dev.cistern.toolkit.*;
            import dev.cistern.toolkit.codec.*;
            import dev.cistern.toolkit.metrics.*;
            import dev.cistern.toolkit.sql.*;
            import java.nio.file.Path;
            import java.time.Duration;
            import java.util.*;
            import java.util.concurrent.*;
            import javax.sql.DataSource;

            class PieceNUMBER {
                record User(long id, String name) { }
                interface Dao {
                    User find(long id);
                    Map<Long, User> findAll(Set<Long> ids);
                    void save(long id, User user);
                    String render(String page);
                }
                static void run(CacheKit kit, Dao dao, DataSource database,
                        io.micrometer.core.instrument.MeterRegistry registry) {
                    BODY
                }
            }
            """;

    private static List<String> pieces() throws Exception {
        String page = Files.readString(Path.of("README.md"));
        return Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(page).results().map(MatchResult::group).map(
                fenced -> fenced.substring("```java\n".length(), fenced.length() - 3)).toList();
    }

    private static void compile(Path folder, List<Path> sources) throws Exception {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter complaints = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, UTF_8)) {
            boolean compiled = compiler.getTask(complaints, files, null, List.of("-proc:none", "-d", folder.toString(),
                    "-cp", System.getProperty("java.class.path")), null, files.getJavaFileObjectsFromPaths(sources))
                    .call();
            assertThat(compiled).as(complaints.toString()).isTrue();
        }
    }

    @Test
    void everyPieceCompiles(@TempDir Path folder) throws Exception {
        List<Path> sources = new ArrayList<>();
        List<String> pieces = pieces();
        for (int number = 1; number < pieces.size(); number++) {
            sources.add(Files.writeString(folder.resolve("Piece" + number + ".java"), AROUND.replace("NUMBER",
                    Integer.toString(number)).replace("BODY", pieces.get(number))));
        }
        assertThat(sources).hasSizeGreaterThan(8);
        compile(folder, sources);
    }

    @Test
    void theFirstMinuteRuns(@TempDir Path folder) throws Exception {
        try (Server server = Server.redis()) {
            String source = pieces().get(0).replace("redis://localhost:6379", server.redisUri());
            compile(folder, List.of(Files.writeString(folder.resolve("FirstMinute.java"), source)));
            PrintStream before = System.out;
            ByteArrayOutputStream printed = new ByteArrayOutputStream();
            try (URLClassLoader loader = new URLClassLoader(new URL[]{folder.toUri().toURL()})) {
                System.setOut(new PrintStream(printed, true, UTF_8));
                loader.loadClass("FirstMinute").getMethod("main", String[].class).invoke(null, (Object) new String[0]);
            } finally {
                System.setOut(before);
            }
            assertThat(printed.toString(UTF_8).lines()).containsExactly("asking the database",
                    "User[id=7, name=user 7]", "User[id=7, name=user 7]");
        }
    }
}

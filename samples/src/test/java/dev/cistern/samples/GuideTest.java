package dev.cistern.samples;

import dev.cistern.samples.hybrid.DemoNode;
import dev.cistern.toolkit.CacheKit;
import dev.cistern.toolkit.CacheListener;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

/** The guide's pages: the code of each compiles, runs on a node, and prints what the page says. */
final class GuideTest {

    private static final Path PAGES = Path.of("..", "docs", "patterns");

    private static final String AROUND = """
            import dev.cistern.toolkit.*;
            import dev.cistern.toolkit.backend.KetamaRing;
            import dev.cistern.toolkit.codec.Codecs;
            import dev.cistern.toolkit.sql.*;
            import io.lettuce.core.*;
            import io.lettuce.core.api.sync.RedisCommands;
            import java.sql.Connection;
            import java.sql.ResultSet;
            import java.sql.Statement;
            import java.time.Duration;
            import java.util.*;
            import java.util.concurrent.*;
            import java.util.concurrent.atomic.*;
            import java.util.stream.IntStream;
            import javax.sql.DataSource;
            import org.h2.jdbcx.JdbcDataSource;

            public class Page {
                public static void run(CacheKit kit, RedisCommands<String, String> redis) throws Exception {
                    BODY
                }
            }
            """;

    private static DemoNode node;
    private static CacheKit kit;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() throws IOException {
        node = DemoNode.start("0f1e2d3c");
        kit = node.kit("guide:", CacheListener.NONE);
    }

    @AfterAll
    static void stop() {
        kit.close();
        node.close();
    }

    static Stream<Path> pages() throws IOException {
        try (Stream<Path> files = Files.list(PAGES)) {
            List<Path> pages = files.filter(file -> !file.endsWith("README.md")).sorted().toList();
            assertThat(pages).hasSizeGreaterThan(18);
            assertThat(Files.readString(PAGES.resolve("README.md"))).contains(pages.stream().map(page -> "(" + page
                    .getFileName() + ")").toList());
            return pages.stream();
        }
    }

    private static String block(String page, String kind) {
        Matcher block = Pattern.compile("```" + kind + "\n(.*?)```", Pattern.DOTALL).matcher(page);
        assertThat(block.find()).as(kind + " in the page").isTrue();
        return block.group(1);
    }

    @ParameterizedTest
    @MethodSource("pages")
    void printsWhatThePageSays(Path file) throws Exception {
        String page = Files.readString(file);
        compile(Files.writeString(folder.resolve("Page.java"), AROUND.replace("BODY", block(page, "java"))));
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader = new URLClassLoader(new URL[]{folder.toUri().toURL()})) {
            System.setOut(new PrintStream(printed, true, UTF_8));
            loader.loadClass("Page").getMethod("run", CacheKit.class, RedisCommands.class).invoke(null, kit, node
                    .commands());
        } finally {
            System.setOut(before);
        }
        assertThat(printed.toString(UTF_8)).isEqualTo(block(page, "text"));
    }

    private void compile(Path source) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter complaints = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, UTF_8)) {
            boolean compiled = compiler.getTask(complaints, files, null, List.of("-proc:none", "-d", folder.toString(),
                    "-cp", System.getProperty("java.class.path")), null, files.getJavaFileObjects(source)).call();
            assertThat(compiled).as(complaints.toString()).isTrue();
        }
    }
}

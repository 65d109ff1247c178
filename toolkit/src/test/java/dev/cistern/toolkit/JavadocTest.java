package dev.cistern.toolkit;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.DocumentationTool;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

/** The Javadoc builds, and its tool has nothing to say against it. */
final class JavadocTest {

    @Test
    void buildsWithoutAWarning(@TempDir Path folder) throws IOException {
        DocumentationTool tool = ToolProvider.getSystemDocumentationTool();
        StringWriter complaints = new StringWriter();
        try (StandardJavaFileManager files = tool.getStandardFileManager(null, null, UTF_8);
                Stream<Path> sources = Files.walk(Path.of("src", "main", "java"))) {
            List<Path> java = sources.filter(file -> file.toString().endsWith(".java")).toList();
            assertThat(java).hasSizeGreaterThan(50);
            boolean isBuilt = tool.getTask(complaints, files, null, null, List.of("-quiet", "-Xdoclint:all,-missing",
                    "-d", folder.toString(), "-cp", System.getProperty("java.class.path")),
                    files
                            .getJavaFileObjectsFromPaths(java))
                    .call();
            assertThat(complaints.toString()).isEmpty();
            assertThat(isBuilt).isTrue();
        }
        assertThat(folder.resolve("dev/cistern/toolkit/CacheKit.html")).exists();
    }
}

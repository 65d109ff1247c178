package dev.cistern.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Arrows between modules point down only, and each module uses the libraries it may and no others. Read from the compiled
 * classes, since the build files alone would let a transitive dependency through.
 */
final class ArchitectureTest {

    /** A type inside a descriptor or signature: Ljava/util/List; */
    private static final Pattern TYPE = Pattern.compile("L([\\w$]+(?:/[\\w$]+)+)[;<]");

    /** The modules from the bottom up, each with what it may use beside the JDK, itself and the null annotations. */
    private static final Module STORE = Module.of("store", "jdk.internal.misc");
    private static final Module LUA = Module.of("lua");
    private static final Module ENGINE = Module.of("engine", "dev.cistern.store", "dev.cistern.lua", "io.netty",
            "org.slf4j", "com.google.crypto.tink");
    private static final Module CONTROL = Module.of("control", "software.amazon.awssdk", "org.jdbi", "org.flywaydb",
            "com.zaxxer.hikari", "org.h2", "redis.clients.jedis", "tools.jackson", "org.slf4j", "org.bouncycastle");
    private static final Module GATEWAY = Module.of("gateway", "dev.cistern.control", "io.netty",
            "software.amazon.awssdk", "org.slf4j");
    private static final Module APP = Module.of("app", "dev.cistern.store", "dev.cistern.engine", "dev.cistern.control",
            "dev.cistern.gateway", "software.amazon.awssdk", "picocli", "io.netty", "ch.qos.logback", "org.slf4j");

    /** What makes objects, files or calls out of others' bytes, or many bytes of few. */
    private static final List<String> DANGEROUS = List.of("javax.xml.", "org.w3c.", "org.xml.", "javax.naming.",
            "java.rmi.", "javax.script.", "java.io.ObjectInputStream", "java.util.zip.Inflater",
            "java.util.zip.GZIPInputStream", "java.util.zip.ZipInputStream", "java.util.jar.JarInputStream");

    record Module(String name, List<String> allowed) {

        static Module of(String name, String... libraries) {
            return new Module(name,
                    Stream.concat(
                            Stream.of("java", "javax", "com.sun.management", "org.jspecify", "dev.cistern." + name),
                            Stream.of(libraries)).toList());
        }

        private Path classes() {
            return Path.of("..", name, "target", "classes");
        }

        private boolean mayUse(String type) {
            return allowed.stream().anyMatch(prefix -> type.startsWith(prefix + "."));
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Module> modules() {
        return Stream.of(STORE, LUA, ENGINE, CONTROL, GATEWAY, APP);
    }

    @ParameterizedTest
    @MethodSource("modules")
    void usesOnlyWhatItMay(Module module) {
        assertThat(forbiddenUses(module, module)).isEmpty();
    }

    /** The test itself can fail: by the rules of the lowest module, the highest one breaks them. */
    @Test
    void anArrowThatPointsUpIsSeen() {
        assertThat(forbiddenUses(STORE, APP))
                .contains("dev.cistern.app.Cistern uses picocli.CommandLine");
    }

    @DisplayName("XXE / XML bombs (any XML parsed), YAML bombs, zip bombs, objects out of bytes")
    @ParameterizedTest
    @MethodSource("modules")
    void nothingReadsWhatMayBeABomb(Module module) {
        assertThat(uses(module, DANGEROUS)).isEmpty();
        assertThat(uses(module, List.of("java.util."))).as("a use is seen").isNotEmpty();
    }

    private static SortedSet<String> uses(Module module, List<String> beginnings) {
        SortedSet<String> uses = new TreeSet<>();
        classFiles(module).forEach(file -> mentioned(parse(file)).stream()
                .filter(type -> beginnings.stream().anyMatch(type::startsWith))
                .forEach(type -> uses.add(module + " uses " + type)));
        return uses;
    }

    @ParameterizedTest
    @MethodSource("modules")
    void everyPackageSaysWhatItIs(Module module) {
        List<Path> silent = classFiles(module).map(Path::getParent).distinct()
                .filter(folder -> !Files.exists(folder.resolve("package-info.class"))).toList();
        assertThat(silent).isEmpty();
    }

    private static SortedSet<String> forbiddenUses(Module rules, Module subject) {
        SortedSet<String> uses = new TreeSet<>();
        classFiles(subject).forEach(file -> {
            ClassModel model = parse(file);
            String user = model.thisClass().asInternalName().replace('/', '.');
            for (String type : mentioned(model)) {
                if (!rules.mayUse(type)) {
                    uses.add(user + " uses " + type);
                }
            }
        });
        return uses;
    }

    /** Every type that a class mentions anywhere: code, signatures, annotations. */
    private static SortedSet<String> mentioned(ClassModel model) {
        SortedSet<String> types = new TreeSet<>();
        for (PoolEntry entry : model.constantPool()) {
            if (entry instanceof ClassEntry type && !type.asInternalName().startsWith("[")) {
                types.add(type.asInternalName().replace('/', '.'));
            } else if (entry instanceof Utf8Entry text) {
                Matcher inDescriptor = TYPE.matcher(text.stringValue());
                while (inDescriptor.find()) {
                    types.add(inDescriptor.group(1).replace('/', '.'));
                }
            }
        }
        return types;
    }

    private static ClassModel parse(Path file) {
        try {
            return ClassFile.of().parse(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Stream<Path> classFiles(Module module) {
        try (Stream<Path> files = Files.walk(module.classes())) {
            List<Path> found = files.filter(file -> file.toString().endsWith(".class")).toList();
            assertThat(found).as("compiled classes of " + module).isNotEmpty();
            return found.stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

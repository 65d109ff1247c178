package dev.cistern.control.node;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;

/**
 * A {@link NodeSpec} as a file, by which a process of its own is told what node it is to be.
 *
 * <p>It holds the admin's password, which a command line or an environment would show to others; so from its first byte on
 * it is for its owner alone. Written anew before each start, and read by nobody but the process that is started.
 */
public final class NodeSpecFile {

    private static final String PARAMETER = "parameter.";

    private NodeSpecFile() {}

    public static void write(NodeSpec spec, Path file) throws IOException {
        Properties words = new Properties();
        words.setProperty("node-id", spec.nodeId());
        words.setProperty("engine", spec.engine().wireName());
        words.setProperty("engine-version", spec.engineVersion());
        words.setProperty("bind", spec.bindAddress());
        words.setProperty("port", Integer.toString(spec.port()));
        words.setProperty("maxmemory-bytes", Long.toString(spec.maxMemoryBytes()));
        words.setProperty("open", Boolean.toString(spec.open()));
        words.setProperty("admin-user", spec.admin().user());
        words.setProperty("admin-password", spec.admin().password().reveal());
        words.setProperty("folder", spec.dataDirectory().toString());
        spec.parameters().forEach((name, value) -> words.setProperty(PARAMETER + name, value));
        try (OutputStream out = privateFile(file)) {
            words.store(out, null);
        }
    }

    /** Throws an {@link IOException} also when the file is there and describes no node. */
    public static NodeSpec read(Path file) throws IOException {
        Properties words = new Properties();
        try (InputStream in = Files.newInputStream(file)) {
            words.load(in);
            Map<String, String> parameters = new HashMap<>();
            words.stringPropertyNames().stream().filter(name -> name.startsWith(PARAMETER)).forEach(
                    name -> parameters.put(name.substring(PARAMETER.length()), words.getProperty(name)));
            return new NodeSpec(word(words, "node-id"), EngineType.of(word(words, "engine")).orElseThrow(),
                    word(words, "engine-version"), word(words, "bind"), Integer.parseInt(word(words, "port")),
                    Long.parseLong(word(words, "maxmemory-bytes")), parameters,
                    Boolean.parseBoolean(word(words, "open")),
                    new AdminCredential(word(words, "admin-user"), new Secret(word(words, "admin-password"))),
                    Path.of(word(words, "folder")));
        } catch (RuntimeException e) {
            throw new IOException(file + " does not describe a node: " + e.getMessage(), e);
        }
    }

    /** A new file in place of any old one, whose rights nobody else may have widened. */
    public static OutputStream privateFile(Path file) throws IOException {
        Files.deleteIfExists(file);
        FileAttribute<?>[] rights = FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[]{
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))}
                : new FileAttribute<?>[0];
        Set<OpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        return Channels.newOutputStream(Files.newByteChannel(file, options, rights));
    }

    private static String word(Properties words, String name) {
        String value = words.getProperty(name);
        if (value == null) {
            throw new IllegalArgumentException("it has no " + name);
        }
        return value;
    }
}

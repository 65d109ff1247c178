package dev.cistern.engine.acl;

import dev.cistern.engine.acl.RuleException.Reason;
import dev.cistern.engine.dispatch.CommandIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A file of users, one a line, as the original reads and writes it.
 *
 * <p>Written to a neighbour first and then renamed, so that a crash leaves the old file or the new one. Nobody but its
 * owner may read it. Not to be called on a data path; any thread, one at a time.
 */
final class AclFile {
    private static final String NOTHING_CHANGED = "WARNING: ACL errors detected, no change to the previously active ACL "
            + "rules was performed";

    private final Path path;
    private final CommandIndex index;
    private final boolean allChannelsByDefault;
    private final StringBuilder errors = new StringBuilder();

    AclFile(Path path, CommandIndex index, boolean allChannelsByDefault) {
        this.path = path;
        this.index = index;
        this.allChannelsByDefault = allChannelsByDefault;
    }

    /** The file cannot be read or has errors; the message is the original's, for the client. */
    static final class UnusableFileException extends Exception {
        UnusableFileException(String message) {
            super(message);
        }

        String text() {
            return String.valueOf(getMessage());
        }
    }

    /** The users of the file by name: all of them, or an exception that tells every error. */
    Map<String, UserRules> read() throws UnusableFileException {
        Map<String, UserRules> users = new TreeMap<>();
        int number = 0;
        for (String line : lines()) {
            number++;
            String trimmed = line.strip();
            if (!trimmed.isEmpty()) {
                readUser(List.of(trimmed.split(" ", -1)), number, users);
            }
        }
        if (!errors.isEmpty()) {
            throw new UnusableFileException(errors + NOTHING_CHANGED);
        }
        return users;
    }

    private List<String> lines() throws UnusableFileException {
        try {
            return List.of(Files.readString(path, StandardCharsets.ISO_8859_1).split("\n", -1));
        } catch (IOException e) {
            String reason = Files.exists(path) ? String.valueOf(e.getMessage()) : "No such file or directory";
            throw new UnusableFileException("Error loading ACLs, opening file '" + path + "': " + reason);
        }
    }

    private void readUser(List<String> words, int line, Map<String, UserRules> users) {
        if (!words.getFirst().equals("user") || words.size() < 2) {
            complain("%s:%d should start with user keyword followed by the username. ", path, line);
            return;
        }
        String name = words.get(1);
        if (SelectorReader.hasSpaces(name)) {
            complain("'%s:%d: username '%s' contains invalid characters. ", path, line, name);
        } else if (users.containsKey(name)) {
            complain("WARNING: Duplicate user '%s' found on line %d. ", name, line);
        } else {
            users.put(name, readRules(words.subList(2, words.size()), line));
        }
    }

    private UserRules readRules(List<String> words, int line) {
        RuleReader reader = new RuleReader(index, allChannelsByDefault);
        boolean complained = false;
        try {
            for (String rule : RuleReader.join(words)) {
                try {
                    reader.apply(rule.strip());
                } catch (RuleException refused) {
                    // An unknown name is told; any other rule may be a password.
                    if (refused.reason() == Reason.UNKNOWN_NAME) {
                        complain("%s:%d: Error in applying operation '%s': %s. ", path, line, rule, refused.text());
                    } else if (!complained) {
                        complain("%s:%d: %s. ", path, line, refused.text());
                        complained = true;
                    }
                }
            }
        } catch (RuleReader.UnmatchedParenthesisException unmatched) {
            complain("%s:%d: Unmatched parenthesis in selector definition.", path, line);
        }
        return reader.rules();
    }

    private void complain(String format, Object... values) {
        errors.append(String.format(format, values));
    }

    /** Writes all users, in place of what the file held. */
    void write(Collection<User> users) throws IOException {
        List<byte[]> lines = new ArrayList<>();
        users.forEach(user -> lines.add(user.line()));
        Path neighbour = path.resolveSibling(path.getFileName() + ".tmp-" + ThreadLocalRandom.current().nextLong());
        try {
            writeLines(neighbour, lines);
            Files.move(neighbour, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(neighbour);
        }
    }

    private static void writeLines(Path file, List<byte[]> lines) throws IOException {
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (var channel = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
            for (byte[] line : lines) {
                channel.write(ByteBuffer.wrap(line));
                channel.write(ByteBuffer.wrap(new byte[]{'\n'}));
            }
            if (channel instanceof FileChannel whole) {
                whole.force(true);
            }
        }
    }
}

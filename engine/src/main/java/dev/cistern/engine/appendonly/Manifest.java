package dev.cistern.engine.appendonly;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Which files an append-only file consists of, in the original's words. Immutable.
 *
 * <pre>
 *   file appendonly.aof.2.base.rdb seq 2 type b
 *   file appendonly.aof.2.incr.aof seq 2 type i
 *   #CRC:0d4f6ac1                                              of all before, CRC32C; a remark to others
 * </pre>
 *
 * @param base what all begins with; null for nothing
 * @param increments the log from the base on, in its order
 * @param history what nobody needs any more and is to be deleted
 */
record Manifest(@Nullable Part base, List<Part> increments, List<Part> history) {
    private static final String CHECKSUM = "#CRC:";
    static final Manifest EMPTY = new Manifest(null, List.of(), List.of());

    /** A file, without a folder. */
    record Part(String name, long number) {}

    Manifest {
        increments = List.copyOf(increments);
        history = List.copyOf(history);
    }

    boolean isEmpty() {
        return base == null && increments.isEmpty();
    }

    /** The number that the next base has. */
    long nextBase() {
        long most = base == null ? 0 : base.number;
        for (Part old : history) {
            most = Math.max(most, old.number);
        }
        return most + 1;
    }

    /** The number that the next increment has. */
    long nextIncrement() {
        long most = increments.isEmpty() ? 0 : increments.getLast().number;
        for (Part old : history) {
            most = Math.max(most, old.number);
        }
        return most + 1;
    }

    Manifest with(Part increment) {
        List<Part> more = new ArrayList<>(increments);
        more.add(increment);
        return new Manifest(base, more, history);
    }

    /** The same log from another base on; what was before the increment that begins there is history. */
    Manifest rebased(Part newBase, long firstIncrement) {
        List<Part> kept = new ArrayList<>();
        List<Part> old = new ArrayList<>(history);
        if (base != null) {
            old.add(base);
        }
        for (Part each : increments) {
            (each.number >= firstIncrement ? kept : old).add(each);
        }
        return new Manifest(newBase, kept, old);
    }

    /** Another log: nothing of this one is needed any more. */
    Manifest replacedBy(Part newBase, @Nullable Part increment) {
        List<Part> old = new ArrayList<>(history);
        old.addAll(parts());
        return new Manifest(newBase, increment == null ? List.of() : List.of(increment), old);
    }

    Manifest withoutHistory() {
        return new Manifest(base, increments, List.of());
    }

    /** All files that are to be loaded, in their order. */
    List<Part> parts() {
        List<Part> all = new ArrayList<>();
        if (base != null) {
            all.add(base);
        }
        all.addAll(increments);
        return all;
    }

    // --- as text ---

    String text() {
        StringBuilder text = new StringBuilder();
        if (base != null) {
            line(text, base, 'b');
        }
        history.forEach(part -> line(text, part, 'h'));
        increments.forEach(part -> line(text, part, 'i'));
        return text + CHECKSUM + checksum(text.toString()) + '\n';
    }

    private static String checksum(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return "%08x".formatted((int) crc.getValue());
    }

    /** One that the original wrote has no such line, which it takes for a remark. */
    private static void check(String text) throws IOException {
        int at = text.indexOf(CHECKSUM);
        if (at >= 0 && !text.substring(at + CHECKSUM.length()).strip().equals(checksum(text.substring(0, at)))) {
            throw new IOException("the manifest's checksum is wrong: it is damaged");
        }
    }

    private static void line(StringBuilder text, Part part, char type) {
        text.append("file ").append(quoted(part.name)).append(" seq ").append(part.number).append(" type ")
                .append(type).append('\n');
    }

    private static String quoted(String name) {
        boolean isPlain = name.chars().noneMatch(c -> c <= ' ' || c >= 0x7F || c == '"' || c == '\'' || c == '\\');
        return isPlain ? name : '"' + name.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /** Throws when the text is not that of a manifest: the message names the line. */
    static Manifest of(String text) throws IOException {
        check(text);
        Part base = null;
        List<Part> increments = new ArrayList<>();
        List<Part> history = new ArrayList<>();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            Line read = Line.of(line, number);
            switch (read.type) {
                case 'b' -> {
                    if (base != null) {
                        throw bad(number, "a second base");
                    }
                    base = read.part;
                }
                case 'h' -> history.add(read.part);
                case 'i' -> {
                    if (!increments.isEmpty() && increments.getLast().number >= read.part.number) {
                        throw bad(number, "an increment whose number is not above the one before");
                    }
                    increments.add(read.part);
                }
                default -> throw bad(number, "an unknown type");
            }
        }
        return new Manifest(base, increments, history);
    }

    private static IOException bad(int line, String what) {
        return new IOException("line " + line + " of the manifest has " + what);
    }

    /** One line, taken apart. */
    private record Line(Part part, char type) {

        static Line of(String line, int number) throws IOException {
            List<String> words = words(line, number);
            String name = "";
            long sequence = 0;
            char type = 0;
            for (int i = 0; i + 1 < words.size(); i += 2) {
                String value = words.get(i + 1);
                switch (words.get(i)) {
                    case "file" -> name = value;
                    case "seq" -> sequence = sequence(value, number);
                    case "type" -> type = value.charAt(0);
                    default -> {
                        // A word of a newer version.
                    }
                }
            }
            if (words.size() % 2 != 0 || name.isEmpty() || sequence <= 0 || type == 0) {
                throw bad(number, "no file, number and type");
            }
            if (name.contains("/")) {
                throw bad(number, "a path in place of a name");
            }
            return new Line(new Part(name, sequence), type);
        }

        private static long sequence(String text, int number) throws IOException {
            try {
                return Long.parseLong(text);
            } catch (NumberFormatException e) {
                throw bad(number, "a number that is none");
            }
        }

        private static List<String> words(String line, int number) throws IOException {
            List<String> words = new ArrayList<>();
            int at = 0;
            while (at < line.length()) {
                if (line.charAt(at) == ' ') {
                    at++;
                } else if (line.charAt(at) == '"') {
                    StringBuilder word = new StringBuilder();
                    at++;
                    while (at < line.length() && line.charAt(at) != '"') {
                        at += line.charAt(at) == '\\' ? 1 : 0;
                        if (at < line.length()) {
                            word.append(line.charAt(at++));
                        }
                    }
                    if (at++ >= line.length()) {
                        throw bad(number, "a name without an end");
                    }
                    words.add(word.toString());
                } else {
                    int end = line.indexOf(' ', at) < 0 ? line.length() : line.indexOf(' ', at);
                    words.add(line.substring(at, end));
                    at = end;
                }
            }
            if (words.stream().anyMatch(String::isEmpty)) {
                throw bad(number, "an empty word");
            }
            return words;
        }
    }
}

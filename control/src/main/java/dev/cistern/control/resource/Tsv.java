package dev.cistern.control.resource;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Reads the small tables that stand beside the classes: a line a row, columns by tab. */
public final class Tsv {

    private Tsv() {}

    /** The rows of the file {@code name} beside {@code owner}. */
    public static List<String[]> rows(Class<?> owner, String name) {
        try (InputStream in = owner.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("no " + name + " beside " + owner);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines().map(line -> line.split("\t", -1)).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package dev.cistern.engine.persistence;

import dev.cistern.store.Snapshot;
import java.util.Map;

/** Spells a snapshot's entries in one form or another, whatever order and thread they come in. */
interface EntryWriter extends Snapshot.Writer, AutoCloseable {

    /** Writes what stands before the entries: names and values that tell who wrote it, and when. */
    void begin(boolean hasFieldDeadlines, Map<String, String> facts);

    /** A library of functions, in source. */
    void library(byte[] text);

    /** Writes the end, and throws what went wrong before it. */
    void end();

    long entries();

    @Override
    void close();
}

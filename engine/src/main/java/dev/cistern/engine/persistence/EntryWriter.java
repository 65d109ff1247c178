package dev.cistern.engine.persistence;

import dev.cistern.engine.rdb.RdbOutput;
import java.util.Map;

/** Spells a snapshot in one form or another; its entries in whatever order they come. One per thread. */
interface EntryWriter extends AutoCloseable {

    /** Writes what stands before the entries: names and values that tell who wrote it, and when. */
    void begin(RdbOutput output, boolean hasFieldDeadlines, Map<String, String> facts);

    /** A library of functions, in source. */
    void library(RdbOutput output, byte[] text);

    /** An entry, whose stripe this thread holds; the first one and that after {@link #breakOff} say of which database. */
    void write(RdbOutput output, int database, long entry);

    /** What is written next does not follow on what was written before. */
    void breakOff();

    void end(RdbOutput output);

    @Override
    void close();
}

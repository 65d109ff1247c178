package dev.cistern.control.backup;

import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Knows what snapshots' files say, and writes it anew for node groups of other slots. */
@FunctionalInterface
public interface SnapshotSplitter {

    /** For nodes whose files nobody here can read. */
    SnapshotSplitter NONE = (files, shares, keyArn) -> {
        throw new IOException("snapshots cannot be restored into another shape here");
    };

    /**
     * What one node group gets.
     *
     * @param place          of the file to be written
     * @param slots          whose keys it gets
     * @param hasOneDatabase whether its nodes know no other than the first, as in cluster mode
     */
    record Share(Path place, BitSet slots, boolean hasOneDatabase) {}

    /**
     * Writes for each node group a file of its keys; can be done twice.
     *
     * @param files  sealed or not
     * @param shares together they have all slots
     * @param keyArn the key to encrypt with; null for none
     * @throws UnfitSnapshotException a file is damaged, or has what a node group cannot take
     * @throws IOException            a file cannot be read or written
     */
    void split(List<Path> files, List<Share> shares, @Nullable String keyArn) throws IOException;
}

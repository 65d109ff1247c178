package dev.cistern.app;

import dev.cistern.control.backup.SnapshotSplitter;
import dev.cistern.control.backup.UnfitSnapshotException;
import dev.cistern.engine.atrest.AtRest;
import dev.cistern.engine.atrest.SealedFileException;
import dev.cistern.engine.persistence.SnapshotSplit;
import dev.cistern.engine.rdb.RdbException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Splits snapshots as our nodes read and write them, with the keys of a state folder. */
final class LocalSplitter implements SnapshotSplitter {

    private final Path keystore;

    LocalSplitter(Path stateDirectory) {
        this.keystore = stateDirectory.resolve(KeystoreOption.FILE).toAbsolutePath();
    }

    @Override
    public void split(List<Path> files, List<Share> shares, @Nullable String keyArn) throws IOException {
        AtRest atRest = new AtRest(Files.exists(keystore) ? keystore.toString() : "",
                keyArn == null ? AtRest.NO_KEY : keyArn);
        try {
            SnapshotSplit.write(files, shares.stream()
                    .map(share -> new SnapshotSplit.Share(share.place(), share.slots(), share.hasOneDatabase()))
                    .toList(), atRest);
        } catch (RdbException | SealedFileException e) {
            throw new UnfitSnapshotException(String.valueOf(e.getMessage()), e);
        }
    }
}

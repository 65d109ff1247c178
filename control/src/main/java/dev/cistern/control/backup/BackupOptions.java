package dev.cistern.control.backup;

import java.nio.file.Path;

/**
 * Where snapshots are kept, and where the buckets are that callers export to and restore from.
 *
 * @param snapshots  keeps the control plane's own snapshots
 * @param bucket     the bucket of {@code snapshots} that they are in
 * @param prefix     what their keys begin with: empty, or ending with a slash
 * @param buckets    the callers' buckets; may be the same store
 */
public record BackupOptions(ObjectStore snapshots, String bucket, String prefix, ObjectStore buckets)
        implements
            AutoCloseable {

    /** Snapshots in {@code folder/snapshots}; a caller's bucket is a folder in {@code folder/buckets}. */
    public static BackupOptions inFolder(Path folder) {
        return new BackupOptions(new FolderStore(folder), "snapshots", "", new FolderStore(folder.resolve("buckets")));
    }

    @Override
    public void close() {
        snapshots.close();
        buckets.close();
    }
}

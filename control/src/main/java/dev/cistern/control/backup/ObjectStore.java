package dev.cistern.control.backup;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Files in buckets, by keys with slashes, as S3 has them.
 *
 * <p>An object is there whole or not at all, also after a power cut. Every method can be called again after a crash. One
 * that encrypts would wrap another. Any thread.
 */
public interface ObjectStore extends AutoCloseable {

    boolean hasBucket(String bucket) throws IOException;

    boolean has(String bucket, String key) throws IOException;

    /** Moves the file into the store: it is gone from where it was. An object of that key is replaced. */
    void put(String bucket, String key, Path file) throws IOException;

    /**
     * Copies the object to a file, which is there whole or not at all.
     *
     * @throws java.nio.file.NoSuchFileException there is no such object
     */
    void get(String bucket, String key, Path file) throws IOException;

    /** Deletes the object. One that is not there is fine. */
    void delete(String bucket, String key) throws IOException;

    @Override
    void close();
}

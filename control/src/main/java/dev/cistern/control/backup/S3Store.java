package dev.cistern.control.backup;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Amazon S3, or any server that speaks its protocol.
 *
 * <p>Small files go in one call, large ones in parts, because a call may carry 5 GB at most. A call is tried again by the SDK,
 * three times in all. Digests are ours and not the protocol's: servers differ in which of those they know.
 */
public final class S3Store implements ObjectStore {

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);
    private static final Duration SILENCE_LIMIT = Duration.ofSeconds(60);
    private static final int NOT_FOUND = 404;
    private static final String UNFINISHED = ".part";

    /** S3 takes 10,000 parts of at least 5 MB: with this size an object may have 640 GB. */
    private static final long PART_BYTES = 64L << 20;

    private static final Set<PosixFilePermission> OTHERS = Set.of(PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_WRITE);

    private final S3Client client;
    private final long partBytes;

    private S3Store(S3Client client, long partBytes) {
        this.client = client;
        this.partBytes = partBytes;
    }

    /**
     * Opens no connection yet.
     *
     * @param endpoint    another server than Amazon's; null for that
     * @param credentials a file written like {@code ~/.aws/credentials}, for its owner alone; null for the places where the
     *                    SDK looks by itself: environment, profile, container, machine
     * @throws IOException when the file cannot be read, or others may read it too
     */
    public static S3Store open(@Nullable URI endpoint, String region, @Nullable Path credentials) throws IOException {
        return open(endpoint, region, credentials, PART_BYTES);
    }

    static S3Store open(@Nullable URI endpoint, String region, @Nullable Path credentials, long partBytes)
            throws IOException {
        S3ClientBuilder builder = S3Client.builder().region(Region.of(region)).credentialsProvider(keys(credentials))
                .httpClientBuilder(UrlConnectionHttpClient.builder().connectionTimeout(CONNECT_LIMIT)
                        .socketTimeout(SILENCE_LIMIT))
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED);
        if (endpoint != null) {
            // A bucket's name before the host's would need names that most servers of one's own do not have.
            builder.endpointOverride(endpoint).forcePathStyle(true);
        }
        return new S3Store(builder.build(), partBytes);
    }

    private static AwsCredentialsProvider keys(@Nullable Path file) throws IOException {
        if (file == null) {
            return DefaultCredentialsProvider.builder().build();
        }
        if (!Files.isReadable(file)) {
            throw new IOException("the credentials in " + file + " cannot be read");
        }
        if (Files.getFileStore(file).supportsFileAttributeView("posix")
                && Files.getPosixFilePermissions(file).stream().anyMatch(OTHERS::contains)) {
            throw new IOException("others can read the credentials in " + file + ": chmod 600 " + file);
        }
        return ProfileCredentialsProvider.builder().profileFile(
                ProfileFile.builder().content(file).type(ProfileFile.Type.CREDENTIALS).build()).build();
    }

    @Override
    public boolean hasBucket(String bucket) throws IOException {
        return isThere(() -> client.headBucket(request -> request.bucket(bucket)));
    }

    @Override
    public boolean has(String bucket, String key) throws IOException {
        return isThere(() -> client.headObject(request -> request.bucket(bucket).key(key)));
    }

    @Override
    public void put(String bucket, String key, Path file) throws IOException {
        if (Files.size(file) <= partBytes) {
            told(() -> client.putObject(request -> request.bucket(bucket).key(key), RequestBody.fromFile(file)));
        } else {
            putParts(bucket, key, file);
        }
        Files.delete(file);
    }

    private void putParts(String bucket, String key, Path file) throws IOException {
        String upload = told(() -> client.createMultipartUpload(request -> request.bucket(bucket).key(key))).uploadId();
        try {
            List<CompletedPart> parts = new ArrayList<>();
            long size = Files.size(file);
            for (long from = 0; from < size; from += partBytes) {
                parts.add(putPart(bucket, key, upload, parts.size() + 1, file, from,
                        Math.min(partBytes, size - from)));
            }
            told(() -> client.completeMultipartUpload(request -> request.bucket(bucket).key(key).uploadId(upload)
                    .multipartUpload(all -> all.parts(parts))));
        } catch (IOException e) {
            abort(bucket, key, upload, e);
            throw e;
        }
    }

    private CompletedPart putPart(String bucket, String key, String upload, int number, Path file, long from,
            long bytes) throws IOException {
        RequestBody part = RequestBody.fromContentProvider(() -> openAt(file, from), bytes,
                "application/octet-stream");
        String tag = told(() -> client.uploadPart(request -> request.bucket(bucket).key(key).uploadId(upload)
                .partNumber(number).contentLength(bytes), part)).eTag();
        return CompletedPart.builder().partNumber(number).eTag(tag).build();
    }

    private static InputStream openAt(Path file, long from) {
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
            return Channels.newInputStream(channel.position(from));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Parts that are not put together are stored, and paid for, until somebody says that they are not wanted. */
    private void abort(String bucket, String key, String upload, IOException reason) {
        try {
            client.abortMultipartUpload(request -> request.bucket(bucket).key(key).uploadId(upload));
        } catch (SdkException e) {
            reason.addSuppressed(e);
        }
    }

    @Override
    public void get(String bucket, String key, Path file) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + UNFINISHED);
        Files.deleteIfExists(unfinished);
        try {
            client.getObject(request -> request.bucket(bucket).key(key), ResponseTransformer.toFile(unfinished));
        } catch (S3Exception e) {
            if (e.statusCode() == NOT_FOUND) {
                throw new NoSuchFileException(bucket + "/" + key);
            }
            throw failed(e);
        } catch (SdkException e) {
            throw failed(e);
        }
        try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.READ)) {
            channel.force(true);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void delete(String bucket, String key) throws IOException {
        told(() -> client.deleteObject(request -> request.bucket(bucket).key(key)));
    }

    @Override
    public void close() {
        client.close();
    }

    private static boolean isThere(Call<?> call) throws IOException {
        try {
            var _ = call.run();
            return true;
        } catch (S3Exception e) {
            if (e.statusCode() == NOT_FOUND) {
                return false;
            }
            throw failed(e);
        } catch (SdkException e) {
            throw failed(e);
        }
    }

    private static <T> T told(Call<T> call) throws IOException {
        try {
            return call.run();
        } catch (SdkException e) {
            throw failed(e);
        }
    }

    private static IOException failed(SdkException e) {
        return new IOException("the object store says: " + e.getMessage(), e);
    }

    private interface Call<T> {
        T run();
    }
}

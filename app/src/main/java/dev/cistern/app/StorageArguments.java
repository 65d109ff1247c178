package dev.cistern.app;

import dev.cistern.control.backup.BackupOptions;
import dev.cistern.control.backup.S3Store;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Where snapshots are kept, and where the buckets are that callers export to and restore from: folders of the state folder,
 * or an object store that speaks S3.
 */
final class StorageArguments {

    private static final Pattern PLACE = Pattern.compile("s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--snapshots", paramLabel = "S3-URL", description = "Keeps snapshots there, as s3://bucket/prefix (default: in the state folder).")
    private @Nullable String place;

    @Option(names = "--s3-endpoint", paramLabel = "URL", description = "The object store of --snapshots and of callers' buckets, when it is not Amazon's.")
    private @Nullable URI endpoint;

    @Option(names = "--s3-credentials", paramLabel = "FILE", description = "Keys for it, written like ~/.aws/credentials, for its owner alone (default: where AWS's tools look).")
    private @Nullable Path credentials;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
    StorageArguments() {}

    /** Asks the store, if there is one, whether the bucket is there: a wrong name shall not be noticed at night. */
    BackupOptions backups(Path stateDirectory, String region) {
        if (place == null && endpoint == null) {
            if (credentials != null) {
                throw new ParameterException(command.commandLine(),
                        "--s3-credentials needs --snapshots or --s3-endpoint");
            }
            return BackupOptions.inFolder(stateDirectory);
        }
        try {
            S3Store store = S3Store.open(endpoint, region, credentials);
            BackupOptions inFolder = BackupOptions.inFolder(stateDirectory);
            return place == null
                    ? new BackupOptions(inFolder.snapshots(), inFolder.bucket(), inFolder.prefix(), store)
                    : inStore(store, place);
        } catch (IOException e) {
            throw new EnvironmentException(String.valueOf(e.getMessage()),
                    "Check --snapshots, --s3-endpoint and the credentials.");
        }
    }

    private BackupOptions inStore(S3Store store, String url) throws IOException {
        Matcher words = PLACE.matcher(url);
        if (!words.matches()) {
            throw new ParameterException(command.commandLine(),
                    "--snapshots " + url + ": write it as s3://bucket or s3://bucket/prefix");
        }
        String bucket = words.group(1);
        if (!store.hasBucket(bucket)) {
            throw new IOException("there is no bucket " + bucket);
        }
        String prefix = words.group(2) == null ? "" : words.group(2).replaceAll("/+$", "");
        return new BackupOptions(store, bucket, prefix.isEmpty() ? "" : prefix + "/", store);
    }
}

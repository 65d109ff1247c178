package dev.cistern.control.operation;

import dev.cistern.control.key.KeyVault;
import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.AtRestEncryption;
import dev.cistern.control.resource.CacheCluster;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;

/** With which key data are to be encrypted on the disk, by AWS's rules: decided once, when a group or snapshot is made. */
record KeyChoice(Context context) {

    private static final String REFUSED = "encryption at rest with nodes that cannot encrypt (the originals keep their "
            + "files as they are)";

    /** Stores what a new group is to have. */
    void ofGroup(CreateReplicationGroupRequest request, EngineType engine, @Nullable CacheCluster seed, String arn) {
        AtRestEncryption kept = seed == null ? null : AtRestEncryption.of(context.handle(), seed);
        if (kept != null) {
            requireSame(request, kept);
            AtRestEncryption.inherit(context.handle(), arn, kept);
            return;
        }
        String wish = wish(request.kmsKeyId());
        Boolean wanted = request.atRestEncryptionEnabled();
        if (!context.options().keys().isThere() && (Boolean.TRUE.equals(wanted) || wish != null)) {
            throw Faults.notOffered(REFUSED, "AtRestEncryptionEnabled must be false, and KmsKeyId left out");
        }
        boolean isOn = wanted == null
                ? engine == EngineType.VALKEY && seed == null && context.options().keys().isThere()
                : wanted;
        if (wish != null && !isOn) {
            throw Faults.invalidParameterCombination(
                    "KmsKeyId can only be given when AtRestEncryptionEnabled is true.");
        }
        if (isOn && seed != null) {
            throw Faults.invalidParameterCombination(
                    "AtRestEncryptionEnabled cannot be true with a PrimaryClusterId that has no encryption.");
        }
        if (isOn) {
            AtRestEncryption.TABLE.insert(context.handle(), new AtRestEncryption(arn, key(wish), wish));
        }
    }

    /** A node that serves goes on with the key that its files are encrypted with. */
    private void requireSame(CreateReplicationGroupRequest request, AtRestEncryption kept) {
        String wish = wish(request.kmsKeyId());
        if (Boolean.FALSE.equals(request.atRestEncryptionEnabled())
                || (wish != null && !key(wish).equals(kept.keyArn()))) {
            throw Faults.invalidParameterCombination(
                    "With a PrimaryClusterId that is encrypted at rest, the replication group has its encryption and its "
                            + "key: AtRestEncryptionEnabled cannot be false, nor KmsKeyId another one.");
        }
    }

    /** Has a new snapshot encrypted with the key that is named, in place of its source's, if one is. */
    void ofSnapshot(@Nullable String kmsKeyId, String arn) {
        String key = named(kmsKeyId);
        if (key != null) {
            AtRestEncryption.delete(context.handle(), arn);
            AtRestEncryption.TABLE.insert(context.handle(), new AtRestEncryption(arn, key, kmsKeyId));
        }
    }

    /** The key that is named, checked; null if none is. */
    @Nullable
    String named(@Nullable String kmsKeyId) {
        String wish = wish(kmsKeyId);
        if (wish == null) {
            return null;
        }
        if (!context.options().keys().isThere()) {
            throw Faults.notOffered(REFUSED, "leave KmsKeyId out");
        }
        return key(wish);
    }

    private String key(@Nullable String wish) {
        KeyVault keys = context.options().keys();
        String account = context.caller().account();
        String region = context.caller().region();
        if (wish == null) {
            return keys.own(account, region);
        }
        String found = keys.find(wish, account, region);
        if (found == null) {
            throw Faults.invalidKmsKey(wish);
        }
        return found;
    }

    private static @Nullable String wish(@Nullable String kmsKeyId) {
        return kmsKeyId == null || kmsKeyId.isEmpty() ? null : kmsKeyId;
    }
}

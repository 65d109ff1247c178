package dev.cistern.control.operation;

import dev.cistern.control.resource.EngineVersion;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.TransitEncryption;
import dev.cistern.control.resource.TransitEncryption.Mode;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.TransitEncryptionMode;

/**
 * What callers say of encryption in transit, by AWS's rules: a group that serves is switched over by way of the mode in
 * which both kinds of connection are taken, so that its clients can follow one by one.
 */
final class EncryptionChange {

    private static final String CHANGEABLE_SINCE = "7.0";

    private EncryptionChange() {}

    /** Of a new group. */
    static Mode of(CreateReplicationGroupRequest request) {
        Mode mode = mode(request.transitEncryptionMode(), request.transitEncryptionModeAsString());
        if (Boolean.TRUE.equals(request.transitEncryptionEnabled())) {
            return mode == null ? Mode.REQUIRED : mode;
        }
        if (mode != null) {
            throw Faults.invalidParameterCombination(
                    "TransitEncryptionMode can only be given when TransitEncryptionEnabled is true.");
        }
        return Mode.DISABLED;
    }

    /** Of an existing group: what it is to be, or null when nothing was said of it or it is so already. */
    static @Nullable Mode of(ModifyReplicationGroupRequest request, ReplicationGroup group, TransitEncryption before,
            String engineVersion) {
        Boolean enabled = request.transitEncryptionEnabled();
        Mode mode = mode(request.transitEncryptionMode(), request.transitEncryptionModeAsString());
        Mode wanted = Boolean.FALSE.equals(enabled) ? Mode.DISABLED : mode;
        if ((enabled != null || mode != null) && group.access().userGroupId() != null) {
            throw Faults.invalidParameterCombination(
                    "Modification of transit encryption is not supported for access control enabled clusters.");
        }
        if (wanted == Mode.DISABLED && group.access().hasToken()) {
            throw Faults.invalidParameterCombination(
                    "Encryption in transit cannot be disabled while the replication group has an AUTH token.");
        }
        if (Boolean.FALSE.equals(enabled) && mode != null) {
            throw Faults.invalidParameterCombination(
                    "TransitEncryptionMode can only be given when TransitEncryptionEnabled is true.");
        }
        if (wanted == null && Boolean.TRUE.equals(enabled) && !before.isOn()) {
            throw Faults.invalidParameterCombination("TransitEncryptionMode must be preferred to enable encryption in "
                    + "transit on an existing replication group.");
        }
        if (wanted == null || wanted == before.mode()) {
            return null;
        }
        requireAllowed(request, group, before, wanted, engineVersion);
        return wanted;
    }

    private static void requireAllowed(ModifyReplicationGroupRequest request, ReplicationGroup group,
            TransitEncryption before, Mode wanted, String engineVersion) {
        if (wanted != Mode.DISABLED && !before.isOn() && !Boolean.TRUE.equals(request.transitEncryptionEnabled())) {
            throw Faults.invalidParameterCombination(
                    "TransitEncryptionMode can only be given when TransitEncryptionEnabled is true.");
        }
        if (EngineVersion.compare(engineVersion, CHANGEABLE_SINCE) < 0) {
            throw Faults.invalidParameterCombination(
                    "Encryption in transit of an existing replication group can be changed from engine version %s on.",
                    CHANGEABLE_SINCE);
        }
        if (before.mode() != Mode.PREFERRED && wanted != Mode.PREFERRED) {
            throw Faults.invalidParameterCombination("Replication group %s must go through TransitEncryptionMode "
                    + "preferred: it cannot be changed from %s to %s at once.", group.id(), before.mode().wireName(),
                    wanted.wireName());
        }
        if (!Boolean.TRUE.equals(request.applyImmediately())) {
            throw Faults
                    .invalidParameterCombination("Encryption in transit can only be changed with ApplyImmediately.");
        }
    }

    private static @Nullable Mode mode(@Nullable TransitEncryptionMode mode, @Nullable String text) {
        if (text == null) {
            return null;
        }
        if (mode == TransitEncryptionMode.PREFERRED) {
            return Mode.PREFERRED;
        }
        if (mode == TransitEncryptionMode.REQUIRED) {
            return Mode.REQUIRED;
        }
        throw Faults.invalidParameterValue("Invalid TransitEncryptionMode: %s. Valid values are: preferred, required",
                text);
    }
}

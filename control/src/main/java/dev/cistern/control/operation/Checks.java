package dev.cistern.control.operation;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.MaintenanceWindow;
import dev.cistern.control.resource.SnapshotWindow;
import dev.cistern.control.state.Table;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;

/** The rules for single values that many operations share; each answers the value as it is stored. */
final class Checks {

    static final int MAX_CLUSTER_ID = 50;
    static final int MAX_GROUP_ID = 40;
    static final int MAX_RETENTION_DAYS = 35;

    private static final int MAX_DESCRIPTION = 255;
    private static final Pattern IDENTIFIER = Pattern.compile("[a-z]([a-z0-9]|-(?!-))*(?<!-)");

    private static final Pattern USER_ID = Pattern.compile("[a-z][a-z0-9-]*");

    private Checks() {}

    static <T> T required(String parameter, @Nullable T value) {
        if (value == null) {
            throw Faults.invalidParameterValue("The parameter %s must be provided and must not be null.", parameter);
        }
        return value;
    }

    static String notBlank(String parameter, @Nullable String value) {
        if (value == null || value.isBlank()) {
            throw Faults.invalidParameterValue("The parameter %s must be provided and must not be blank.", parameter);
        }
        return value;
    }

    /** An id in lower case. */
    static String identifier(String parameter, @Nullable String value, int maxLength) {
        String id = notBlank(parameter, value).toLowerCase(Locale.ROOT);
        if (!IDENTIFIER.matcher(id).matches()) {
            throw Faults
                    .invalidParameterValue("The parameter %s is not a valid identifier. Identifiers must begin with a "
                            + "letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or "
                            + "contain two consecutive hyphens.", parameter);
        }
        if (id.length() > maxLength) {
            throw Faults.invalidParameterValue(
                    "The parameter %s is not a valid identifier because it is longer than %d characters.", parameter,
                    maxLength);
        }
        return id;
    }

    static String description(String parameter, @Nullable String value) {
        String text = notBlank(parameter, value);
        if (text.length() > MAX_DESCRIPTION) {
            throw Faults.invalidParameterValue("The parameter %s must not be longer than %d characters.", parameter,
                    MAX_DESCRIPTION);
        }
        return text;
    }

    /** Whether the caller may have one more row of {@code table}. */
    static void quota(Table<?> table, Context context, int quota, IntFunction<AwsServiceException> exceeded) {
        if (table.count(context.handle(), "where account = ? and region = ?", context.caller().account(),
                context.caller().region()) >= quota) {
            throw exceeded.apply(quota);
        }
    }

    /** The id of a user or of a user group, in lower case. */
    static String userId(String parameter, @Nullable String value) {
        String id = notBlank(parameter, value).toLowerCase(Locale.ROOT);
        if (!USER_ID.matcher(id).matches() || id.length() > MAX_GROUP_ID) {
            throw Faults.invalidParameterValue(
                    "The parameter %s is not valid. It must begin with a letter, contain only "
                            + "ASCII letters, digits and hyphens, and have no more than %d characters.",
                    parameter,
                    MAX_GROUP_ID);
        }
        return id;
    }

    /** The engine that a user or a user group is for. */
    static EngineType userEngine(@Nullable String value) {
        String name = notBlank("Engine", value);
        EngineType engine = EngineType.of(name).orElse(EngineType.MEMCACHED);
        if (engine == EngineType.MEMCACHED) {
            throw Faults.invalidParameterValue("Invalid engine: %s. Valid engines are: redis, valkey", name);
        }
        return engine;
    }

    static MaintenanceWindow maintenanceWindow(String text) {
        MaintenanceWindow window = MaintenanceWindow.parse(text);
        if (window == null) {
            throw Faults.invalidParameterValue("Invalid maintenance window format: %s. Should be specified as a range "
                    + "ddd:hh24:mi-ddd:hh24:mi (24H Clock UTC). Example: sun:23:00-mon:01:30", text);
        }
        if (window.lengthMinutes() < MaintenanceWindow.MIN_MINUTES) {
            throw Faults.invalidParameterValue("Maintenance window must be at least %d minutes.",
                    MaintenanceWindow.MIN_MINUTES);
        }
        return window;
    }

    static SnapshotWindow snapshotWindow(String text) {
        SnapshotWindow window = SnapshotWindow.parse(text);
        if (window == null) {
            throw Faults.invalidParameterValue("Invalid snapshot window format: %s. Should be specified as a range "
                    + "hh24:mi-hh24:mi (24H Clock UTC). Example: 05:00-09:00", text);
        }
        if (window.lengthMinutes() < SnapshotWindow.MIN_MINUTES) {
            throw Faults.invalidParameterValue("Snapshot window must be at least %d minutes.",
                    SnapshotWindow.MIN_MINUTES);
        }
        return window;
    }

    static void apart(MaintenanceWindow maintenance, SnapshotWindow snapshots) {
        if (maintenance.overlaps(snapshots)) {
            throw Faults.invalidParameterValue("The snapshot window and maintenance window must not overlap.");
        }
    }

    /** Days of automatic snapshots: a value that AWS takes. */
    static int snapshotRetentionLimit(int days) {
        if (days < 0 || days > MAX_RETENTION_DAYS) {
            throw Faults.invalidParameterValue("Invalid snapshot retention limit: %d. Must be between 0 and %d.", days,
                    MAX_RETENTION_DAYS);
        }
        return days;
    }
}

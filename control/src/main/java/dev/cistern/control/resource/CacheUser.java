package dev.cistern.control.resource;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.state.Table;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A user: whom clients of a cache say they are, how they prove it, and what they may do.
 *
 * <p>Every account has the user {@code default} from the start; it is no row and cannot be changed.
 *
 * @param userName              the name that clients give; several users may have the same
 * @param accessString          in its normal form
 * @param passwordHash          SHA-256 of a password, in hex digits
 * @param otherHash             the second password's
 * @param minimumEngineVersion  what an engine must be to know the access string
 */
public record CacheUser(
        ResourceKey key,
        long version,
        String userName,
        EngineType engine,
        UserStatus status,
        String accessString,
        UserAuthentication authentication,
        @Nullable String passwordHash,
        @Nullable String otherHash,
        String minimumEngineVersion) {

    /** Its part of an Amazon Resource Name. */
    public static final String ARN_TYPE = "user";

    /** The id, and the name, of the user that is always there. */
    public static final String DEFAULT = "default";

    public static final Table<CacheUser> TABLE = Table.of(CacheUser.class, "cache_user", "account", "region", "id");

    /** The user of that id in lower case. */
    public static @Nullable CacheUser find(Handle handle, ResourceKey key) {
        return key.id().equals(DEFAULT)
                ? defaultUser(key)
                : TABLE.find(handle, key.account(), key.region(), key.id()).orElse(null);
    }

    /** The user that everybody has, in the account and region of {@code place}. */
    public static CacheUser defaultUser(ResourceKey place) {
        return new CacheUser(place.sibling(DEFAULT), 0, DEFAULT, EngineType.REDIS, UserStatus.ACTIVE, "on ~* +@all",
                UserAuthentication.NO_PASSWORD, null, null, "6.0");
    }

    public String id() {
        return key.id();
    }

    public String arn() {
        return key.arn(ARN_TYPE);
    }

    /** Whether it is the one that belongs to everybody. */
    public boolean isEverybodys() {
        return key.id().equals(DEFAULT);
    }

    /** Whether clients that say nothing of themselves are this user. */
    public boolean isDefaultByName() {
        return userName.equals(DEFAULT);
    }

    public List<String> passwordHashes() {
        List<String> hashes = new ArrayList<>();
        if (passwordHash != null) {
            hashes.add(passwordHash);
        }
        if (otherHash != null) {
            hashes.add(otherHash);
        }
        return hashes;
    }

    public CacheUser withStatus(UserStatus value) {
        return new CacheUser(key, version, userName, engine, value, accessString, authentication, passwordHash,
                otherHash, minimumEngineVersion);
    }

    public CacheUser withEngine(EngineType value) {
        return new CacheUser(key, version, userName, value, status, accessString, authentication, passwordHash,
                otherHash, minimumEngineVersion);
    }

    public CacheUser withAccess(String access, String engineVersion) {
        return new CacheUser(key, version, userName, engine, status, access, authentication, passwordHash, otherHash,
                engineVersion);
    }

    /** The user with another way to prove itself. */
    public CacheUser withAuthentication(UserAuthentication way, List<String> hashes) {
        return new CacheUser(key, version, userName, engine, status, accessString, way,
                hashes.isEmpty() ? null : hashes.getFirst(), hashes.size() < 2 ? null : hashes.get(1),
                minimumEngineVersion);
    }
}

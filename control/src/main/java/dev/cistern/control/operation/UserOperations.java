package dev.cistern.control.operation;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.AccessString;
import dev.cistern.control.resource.CacheUser;
import dev.cistern.control.resource.EngineVersion;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.UserAuthentication;
import dev.cistern.control.resource.UserGroup;
import dev.cistern.control.resource.UserGroupMember;
import dev.cistern.control.resource.UserStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.Authentication;
import software.amazon.awssdk.services.elasticache.model.CreateUserRequest;
import software.amazon.awssdk.services.elasticache.model.CreateUserResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteUserRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteUserResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeUsersRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeUsersResponse;
import software.amazon.awssdk.services.elasticache.model.Filter;
import software.amazon.awssdk.services.elasticache.model.ModifyUserRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyUserResponse;
import software.amazon.awssdk.services.elasticache.model.User;

/** Actions on users. A change is told to the nodes of every cache whose user group has the user. */
public record UserOperations(Context context) {

    static final int MAX_ID = 40;

    private static final int MAX_NAME = 120;
    private static final String IAM_VERSION = "7.0";
    private static final String VALKEY_VERSION = "7.2";

    /** Active at once: there are no nodes to be told. */
    public CreateUserResponse create(CreateUserRequest request) {
        String id = Checks.userId("UserId", request.userId());
        String name = name(request.userName());
        EngineType engine = Checks.userEngine(request.engine());
        AccessString access = access(Checks.notBlank("AccessString", request.accessString()));
        Authentications authentication = Authentications.of(request);
        requireOwnName(id, name, authentication);
        ResourceKey key = context.key(id);
        if (CacheUser.find(context.handle(), key) != null) {
            throw Faults.userAlreadyExists(id);
        }
        Checks.quota(CacheUser.TABLE, context, context.options().quotas().users(), Faults::userQuotaExceeded);
        CacheUser user = new CacheUser(key, 0, name, engine, UserStatus.ACTIVE, access.toString(),
                authentication.way(), null, null, minimumVersion(engine, access, authentication.way()))
                .withAuthentication(authentication.way(), authentication.hashes());
        CacheUser.TABLE.insert(context.handle(), user);
        Tags.put(context, user.arn(), request.tags());
        context.events().userEvent(context.handle(), key, "User " + id + " created");
        return describedAs(CreateUserResponse.builder(), user);
    }

    /** One user, or all by id. */
    public DescribeUsersResponse describe(DescribeUsersRequest request) {
        Page page = Page.of(request.maxRecords(), request.marker());
        EngineType engine = request.engine() == null ? null : Checks.userEngine(request.engine());
        List<CacheUser> rows = request.userId() != null
                ? List.of(require(request.userId()))
                : all().stream().filter(user -> user.id().compareTo(page.after()) > 0)
                        .filter(user -> engine == null || user.engine() == engine)
                        .filter(user -> request.filters().stream().allMatch(filter -> matches(user, filter)))
                        .limit(page.limit()).toList();
        return DescribeUsersResponse.builder()
                .users(page.cut(rows).stream().map(this::described).toList())
                .marker(page.next(rows, CacheUser::id))
                .build();
    }

    /** Answers "modifying" until the nodes know. */
    public ModifyUserResponse modify(ModifyUserRequest request) {
        CacheUser user = requireChangeable(request.userId());
        if (request.accessString() != null && request.appendAccessString() != null) {
            throw Faults.invalidParameterCombination("AccessString and AppendAccessString cannot be combined.");
        }
        Authentications authentication = Authentications.of(request);
        boolean nothing = request.accessString() == null && request.appendAccessString() == null
                && authentication == null && request.engine() == null;
        if (nothing) {
            throw Faults.invalidParameterCombination("No modifications were requested");
        }
        CacheUser changed = user;
        if (authentication != null) {
            requireOwnName(user.id(), user.userName(), authentication);
            requireGroupsAllow(user, authentication.way());
            changed = changed.withAuthentication(authentication.way(), authentication.hashes());
        }
        if (request.engine() != null) {
            changed = changed.withEngine(engineFor(user, Checks.userEngine(request.engine())));
        }
        AccessString access = access(newAccess(user, request));
        changed = changed.withAccess(access.toString(),
                minimumVersion(changed.engine(), access, changed.authentication()));
        changed = CacheUser.TABLE.update(context.handle(), changed.withStatus(UserStatus.MODIFYING));
        context.workflows().changeUser(context.handle(), changed.key());
        return describedAs(ModifyUserResponse.builder(), changed);
    }

    /** Answers "deleting". The user leaves its groups, and its connections end. */
    public DeleteUserResponse delete(DeleteUserRequest request) {
        CacheUser user = requireChangeable(request.userId());
        for (UserGroup group : UserGroup.of(context.handle(), user.key())) {
            if (user.isDefaultByName() && group.engine() == EngineType.REDIS) {
                throw Faults.defaultUserInUse(user.id());
            }
            if (!group.is(UserStatus.ACTIVE)) {
                throw Faults.invalidUserState("User %s is in user group %s, which has status %s.", user.id(),
                        group.id(), group.status().wireName());
            }
        }
        for (UserGroupMember member : UserGroupMember.ofUser(context.handle(), user.key())) {
            UserGroupMember.TABLE.update(context.handle(), member.withState(UserGroupMember.State.LEAVING));
        }
        CacheUser deleting = CacheUser.TABLE.update(context.handle(), user.withStatus(UserStatus.DELETING));
        context.workflows().deleteUser(context.handle(), deleting.key());
        return describedAs(DeleteUserResponse.builder(), deleting);
    }

    /** The user of that id in any letter case. */
    CacheUser require(@Nullable String id) {
        String wanted = Checks.notBlank("UserId", id).toLowerCase(Locale.ROOT);
        CacheUser user = CacheUser.find(context.handle(), context.key(wanted));
        if (user == null) {
            throw Faults.userNotFound(wanted);
        }
        return user;
    }

    private CacheUser requireChangeable(@Nullable String id) {
        CacheUser user = require(id);
        if (user.isEverybodys()) {
            throw Faults.invalidParameterValue("User default cannot be modified or deleted.");
        }
        if (user.status() != UserStatus.ACTIVE) {
            throw Faults.invalidUserState("User %s is not in active state.", user.id());
        }
        return user;
    }

    private List<CacheUser> all() {
        List<CacheUser> users = new ArrayList<>(CacheUser.TABLE.select(context.handle(),
                "where account = ? and region = ?", context.caller().account(), context.caller().region()));
        users.add(CacheUser.defaultUser(context.key("")));
        users.sort(Comparator.comparing(CacheUser::id));
        return users;
    }

    private static boolean matches(CacheUser user, Filter filter) {
        String value = switch (Checks.notBlank("Filters.Name", filter.name()).toLowerCase(Locale.ROOT)
                .replace("-", "")) {
            case "userid" -> user.id();
            case "username" -> user.userName();
            case "engine" -> user.engine().wireName();
            case "status" -> user.status().wireName();
            default -> throw Faults.invalidParameterValue("Invalid filter name: %s", filter.name());
        };
        return filter.values().contains(value);
    }

    private static String name(@Nullable String name) {
        String text = Checks.notBlank("UserName", name);
        if (text.length() > MAX_NAME || !text.matches("[!-~]+")) {
            throw Faults.invalidParameterValue(
                    "UserName must have from 1 to %d printable characters other than space.", MAX_NAME);
        }
        return text;
    }

    private static AccessString access(String text) {
        try {
            return AccessString.parse(text);
        } catch (AccessString.InvalidException e) {
            throw Faults.invalidParameterValue("Invalid access string: %s", String.valueOf(e.getMessage()));
        }
    }

    private static String newAccess(CacheUser user, ModifyUserRequest request) {
        if (request.accessString() != null) {
            return Checks.notBlank("AccessString", request.accessString());
        }
        return request.appendAccessString() == null
                ? user.accessString()
                : user.accessString() + " " + request.appendAccessString();
    }

    private static void requireOwnName(String id, String name, Authentications authentication) {
        if (authentication.way() == UserAuthentication.IAM && !id.equals(name)) {
            throw Faults.invalidParameterCombination(
                    "UserId and UserName must be the same when the authentication type is iam.");
        }
    }

    /** A Valkey group takes nobody who need not prove anything. */
    private void requireGroupsAllow(CacheUser user, UserAuthentication way) {
        for (UserGroup group : UserGroup.of(context.handle(), user.key())) {
            if (way == UserAuthentication.NO_PASSWORD && group.engine() == EngineType.VALKEY) {
                throw Faults.invalidParameterCombination("User %s is in user group %s, whose users must authenticate.",
                        user.id(), group.id());
            }
        }
    }

    /** A user of a Redis group stays one of Redis. */
    private EngineType engineFor(CacheUser user, EngineType wanted) {
        for (UserGroup group : UserGroup.of(context.handle(), user.key())) {
            if (wanted == EngineType.VALKEY && group.engine() == EngineType.REDIS) {
                throw Faults.invalidParameterCombination("User %s is in user group %s, whose engine is redis.",
                        user.id(), group.id());
            }
        }
        return wanted;
    }

    private static String minimumVersion(EngineType engine, AccessString access, UserAuthentication way) {
        String version = access.minimumVersion();
        if (way == UserAuthentication.IAM && EngineVersion.compare(version, IAM_VERSION) < 0) {
            version = IAM_VERSION;
        }
        return engine == EngineType.VALKEY ? VALKEY_VERSION : version;
    }

    private User described(CacheUser user) {
        return User.builder()
                .userId(user.id())
                .userName(user.userName())
                .status(user.status().wireName())
                .engine(user.engine().wireName())
                .minimumEngineVersion(user.minimumEngineVersion())
                .accessString(user.accessString())
                .userGroupIds(UserGroup.of(context.handle(), user.key()).stream().map(UserGroup::id).toList())
                .authentication(authentication(user))
                .arn(user.arn())
                .build();
    }

    private static Authentication authentication(CacheUser user) {
        Authentication.Builder answer = Authentication.builder().type(user.authentication().wireName());
        return user.authentication() == UserAuthentication.PASSWORD
                ? answer.passwordCount(user.passwordHashes().size()).build()
                : answer.build();
    }

    /** The three answers have the members of a user themselves. */
    private CreateUserResponse describedAs(CreateUserResponse.Builder answer, CacheUser row) {
        User user = described(row);
        return answer.userId(user.userId()).userName(user.userName()).status(user.status()).engine(user.engine())
                .minimumEngineVersion(user.minimumEngineVersion()).accessString(user.accessString())
                .userGroupIds(user.userGroupIds()).authentication(user.authentication()).arn(user.arn()).build();
    }

    private ModifyUserResponse describedAs(ModifyUserResponse.Builder answer, CacheUser row) {
        User user = described(row);
        return answer.userId(user.userId()).userName(user.userName()).status(user.status()).engine(user.engine())
                .minimumEngineVersion(user.minimumEngineVersion()).accessString(user.accessString())
                .userGroupIds(user.userGroupIds()).authentication(user.authentication()).arn(user.arn()).build();
    }

    private DeleteUserResponse describedAs(DeleteUserResponse.Builder answer, CacheUser row) {
        User user = described(row);
        return answer.userId(user.userId()).userName(user.userName()).status(user.status()).engine(user.engine())
                .minimumEngineVersion(user.minimumEngineVersion()).accessString(user.accessString())
                .userGroupIds(user.userGroupIds()).authentication(user.authentication()).arn(user.arn()).build();
    }
}

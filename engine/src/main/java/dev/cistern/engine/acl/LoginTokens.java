package dev.cistern.engine.acl;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Which users log in with a signed token in place of a password, and by which keys a token is judged.
 *
 * <p>The node judges by itself: it is told signing keys, each of which is good for one day, one region and this service
 * alone. So a login asks nobody and goes on while the control plane is away, and no node knows a secret access key. That is
 * how AWS's own services do it. Who brings what the node is told is {@link LoginTokenOrder}. Any thread.
 */
public final class LoginTokens {
    /** So long a session goes on; then it has to have shown another token. */
    public static final long SESSION_NANOS = TimeUnit.HOURS.toNanos(12);

    private static final long MAX_LIFE_SECONDS = 900;
    /** A signer's clock may be so far ahead of ours. */
    private static final long MAX_AHEAD_MILLIS = TimeUnit.MINUTES.toMillis(5);

    private volatile Terms terms = new Terms("", "", "", Set.of(), Map.of());
    private volatile NameTable<Boolean> logins = terms.logins();

    /**
     * What tokens have to be like.
     *
     * @param resource      the name of what they let in to, in small letters: the host that they are signed for
     * @param resourceType  what they have to say that it is; empty when they must not say it
     * @param region        what they are scoped to
     * @param users         who shows them, by name
     * @param keys          signing keys by the id of the key that they are of, a slash, and their date as in 20261122
     */
    record Terms(String resource, String resourceType, String region, Set<String> users, Map<String, byte[]> keys) {
        Terms {
            users = Set.copyOf(users);
            keys = Map.copyOf(keys);
        }

        /** The users as one finds them who may not learn their names. */
        private NameTable<Boolean> logins() {
            Map<NameDigest, Boolean> all = new HashMap<>();
            users.forEach(user -> all.put(NameDigest.of(user), true));
            return new NameTable<>(all, false);
        }
    }

    void become(Terms value) {
        terms = value;
        logins = value.logins();
    }

    /** Whether there is anybody who shows tokens. */
    public boolean hasUsers() {
        return !terms.users.isEmpty();
    }

    /** Whether the user shows tokens; it takes the same time for every name. */
    public boolean isFor(String user) {
        return logins.find(NameDigest.of(user));
    }

    /** Whether the token lets this user in now. */
    boolean accepts(String user, byte[] shown, long nowMillis) {
        Terms now = terms;
        LoginToken token = LoginToken.parse(shown);
        if (token == null || !now.users.contains(user) || !token.isSignedAsExpected() || !isCurrent(token, nowMillis)) {
            return false;
        }
        boolean isForUs = token.host().toLowerCase(Locale.ROOT).equals(now.resource)
                && token.says("Action", "connect") && token.says("User", user)
                && (now.resourceType.isEmpty()
                        ? token.saysNothingOf("ResourceType")
                        : token.says("ResourceType", now.resourceType));
        String id = token.keyId(now.region);
        byte[] key = id == null ? null : now.keys.get(id + "/" + token.date());
        return key != null && token.isSignedWith(key, now.region) && isForUs;
    }

    private static boolean isCurrent(LoginToken token, long nowMillis) {
        long signedMillis = token.signedMillis();
        long lifeSeconds = token.lifeSeconds();
        return lifeSeconds >= 1 && lifeSeconds <= MAX_LIFE_SECONDS
                && nowMillis <= signedMillis + TimeUnit.SECONDS.toMillis(lifeSeconds)
                && signedMillis <= nowMillis + MAX_AHEAD_MILLIS;
    }
}

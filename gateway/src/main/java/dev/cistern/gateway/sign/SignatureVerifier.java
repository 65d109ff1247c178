package dev.cistern.gateway.sign;

import dev.cistern.control.Caller;
import dev.cistern.gateway.wire.FormParameters;
import dev.cistern.gateway.wire.WireFault;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Says who calls. Strict: only who signed exactly this request with a known key. Open: whoever they say they are.
 *
 * <p>Open mode is for loopback, where the machine's own users are trusted and every tool sends some dummy key. Replays
 * inside the fifteen minutes are accepted, as AWS accepts them for this service.
 */
public final class SignatureVerifier {

    private static final Duration MAX_SKEW = Duration.ofMinutes(15);
    static final DateTimeFormatter BASIC = DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'", Locale.ROOT);
    static final int DATE_LENGTH = 8;
    private static final int FORBIDDEN = 403;
    private static final int EXPIRED_STATUS = 400;

    private final List<String> services;
    private final @Nullable KeySource keys;
    private final Set<String> regions;
    private final Caller fallback;
    private final InstantSource clock;

    /**
     * @param services  the names of services, of which a credential must be scoped to one
     * @param keys      the keys to accept, or null for open mode
     * @param regions   the regions served; empty for every one
     * @param fallback  account and region where the credential names none
     */
    public SignatureVerifier(
            List<String> services, @Nullable KeySource keys, Set<String> regions, Caller fallback,
            InstantSource clock) {
        this.services = List.copyOf(services);
        this.keys = keys;
        this.regions = Set.copyOf(regions);
        this.fallback = fallback;
        this.clock = clock;
    }

    /**
     * Finds the caller.
     *
     * @throws WireFault with AWS's code when the request is not to be trusted
     */
    public Identity verify(SignedRequest request) {
        return keys == null
                ? openCaller(request)
                : strictCaller(request, FormParameters.parse(request.rawQuery()), keys);
    }

    /** The service that the request says it is for, true or not; null when it says none. */
    public @Nullable String claimedService(SignedRequest request) {
        CallerScope scope = claimed(request);
        return scope == null ? null : scope.service();
    }

    /** The key that the request says it is signed with, true or not; empty when it says none. */
    public String claimedKey(SignedRequest request) {
        CallerScope scope = claimed(request);
        return scope == null ? "" : scope.accessKeyId();
    }

    private static @Nullable CallerScope claimed(SignedRequest request) {
        try {
            FormParameters query = FormParameters.parse(request.rawQuery());
            return Authorization.isPresent(request, query) ? Authorization.of(request, query).scope() : null;
        } catch (WireFault unreadable) {
            return null;
        }
    }

    private Identity openCaller(SignedRequest request) {
        CallerScope scope = claimed(request);
        return scope == null
                ? new Identity(fallback, "", "", Role.ADMIN, null)
                : new Identity(scope.caller(null, fallback), scope.accessKeyId(), "", Role.ADMIN,
                        services.contains(scope.service()) ? scope.service() : null);
    }

    private Identity strictCaller(SignedRequest request, FormParameters query, KeySource accepted) {
        Authorization authorization = Authorization.of(request, query);
        requireScope(authorization);
        requireTime(authorization);
        AccessKey key = accepted.find(authorization.scope().accessKeyId());
        if (key == null) {
            throw new WireFault("InvalidClientTokenId", FORBIDDEN,
                    "The security token included in the request is invalid.");
        }
        requireSignature(request, authorization, key);
        return new Identity(authorization.scope().caller(key.account(), fallback), key.id(), key.name(), key.role(),
                authorization.scope().service());
    }

    private void requireScope(Authorization authorization) {
        CallerScope scope = authorization.scope();
        if (!services.contains(scope.service())) {
            throw mismatch("Credential should be scoped to correct service: '" + services.getFirst() + "'.");
        }
        if (!regions.isEmpty() && !regions.contains(scope.region())) {
            throw mismatch("Credential should be scoped to a valid region.");
        }
        if (!authorization.signedHeaders().contains("host")) {
            throw mismatch("'Host' must be a 'SignedHeader' in the AWS Authorization.");
        }
    }

    private void requireTime(Authorization authorization) {
        Instant signed = instant(authorization.dateTime());
        if (!authorization.dateTime().substring(0, DATE_LENGTH).equals(authorization.scope().date())) {
            throw mismatch("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.");
        }
        Long expiresSeconds = authorization.expiresSeconds();
        Instant goodUntil = signed.plus(expiresSeconds == null ? MAX_SKEW : Duration.ofSeconds(expiresSeconds));
        Instant now = clock.instant();
        if (now.isAfter(goodUntil)) {
            throw expired("Signature expired: " + authorization.dateTime() + " is now earlier than "
                    + BASIC.format(now.minus(MAX_SKEW).atOffset(ZoneOffset.UTC)) + ".");
        }
        if (signed.isAfter(now.plus(MAX_SKEW))) {
            throw expired("Signature not yet current: " + authorization.dateTime() + " is still later than "
                    + BASIC.format(now.plus(MAX_SKEW).atOffset(ZoneOffset.UTC)) + ".");
        }
    }

    private static Instant instant(String dateTime) {
        try {
            return LocalDateTime.parse(dateTime, BASIC).toInstant(ZoneOffset.UTC);
        } catch (DateTimeException malformed) {
            throw Authorization.incomplete("Date must be in ISO-8601 'basic format'.");
        }
    }

    private static void requireSignature(SignedRequest request, Authorization authorization, AccessKey key) {
        String canonical = CanonicalRequest.of(request, authorization.signedHeaders());
        byte[] wanted = signature(canonical, authorization, key.secret()).getBytes(StandardCharsets.UTF_8);
        byte[] given = authorization.signature().getBytes(StandardCharsets.UTF_8);
        if (!MessageDigest.isEqual(wanted, given)) {
            throw mismatch("The request signature we calculated does not match the signature you provided. Check your"
                    + " AWS Secret Access Key and signing method. Consult the service documentation for details.");
        }
    }

    static String signature(String canonical, Authorization authorization, String secret) {
        CallerScope scope = authorization.scope();
        String stringToSign = Authorization.ALGORITHM + "\n" + authorization.dateTime() + "\n" + scope.text() + "\n"
                + Hashes.hexSha256(canonical.getBytes(StandardCharsets.UTF_8));
        byte[] signingKey = Hashes.signingKey(secret, scope.date(), scope.region(), scope.service());
        return HexFormat.of().formatHex(Hashes.hmac(signingKey, stringToSign));
    }

    private static WireFault mismatch(String message) {
        return new WireFault("SignatureDoesNotMatch", FORBIDDEN, message);
    }

    private static WireFault expired(String message) {
        return new WireFault("RequestExpired", EXPIRED_STATUS, message);
    }
}

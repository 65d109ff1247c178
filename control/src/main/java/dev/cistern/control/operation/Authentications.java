package dev.cistern.control.operation;

import dev.cistern.control.resource.UserAuthentication;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.AuthenticationMode;
import software.amazon.awssdk.services.elasticache.model.CreateUserRequest;
import software.amazon.awssdk.services.elasticache.model.InputAuthenticationType;
import software.amazon.awssdk.services.elasticache.model.ModifyUserRequest;

/**
 * How a caller says that a user proves itself, by either of AWS's two ways of saying so. A password goes no further than
 * this class: what comes out is its hash.
 *
 * @param hashes  SHA-256 of each password, in hex digits
 */
record Authentications(UserAuthentication way, List<String> hashes) {

    private static final int MIN_LENGTH = 16;
    private static final int MAX_LENGTH = 128;
    private static final int MAX_PASSWORDS = 2;
    private static final Pattern PASSWORD = Pattern.compile("[!-~&&[^,\"/@]]*");
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!&#$^<>\\-]*");

    /** What a new user is to have. */
    static Authentications of(CreateUserRequest request) {
        Authentications wanted = of(request.authenticationMode(), request.passwords(), request.noPasswordRequired());
        if (wanted == null) {
            throw Faults.invalidParameterCombination("No password was provided. If you want to create a user without "
                    + "a password, use NoPasswordRequired.");
        }
        return wanted;
    }

    /** What a user is to have from now on, or null when nothing was said of it. */
    static @Nullable Authentications of(ModifyUserRequest request) {
        return of(request.authenticationMode(), request.passwords(), request.noPasswordRequired());
    }

    private static @Nullable Authentications of(@Nullable AuthenticationMode mode, List<String> passwords,
            @Nullable Boolean noPassword) {
        if (mode != null && (!passwords.isEmpty() || Boolean.TRUE.equals(noPassword))) {
            throw Faults.invalidParameterCombination(
                    "AuthenticationMode cannot be combined with Passwords or NoPasswordRequired.");
        }
        if (mode != null) {
            return ofMode(mode);
        }
        if (Boolean.TRUE.equals(noPassword)) {
            return withoutPasswords(UserAuthentication.NO_PASSWORD, passwords);
        }
        return passwords.isEmpty() ? null : withPasswords(passwords);
    }

    private static Authentications ofMode(AuthenticationMode mode) {
        InputAuthenticationType type = Checks.required("AuthenticationMode.Type", mode.type());
        return switch (type) {
            case PASSWORD -> withPasswords(mode.passwords());
            case NO_PASSWORD_REQUIRED -> withoutPasswords(UserAuthentication.NO_PASSWORD, mode.passwords());
            case IAM -> withoutPasswords(UserAuthentication.IAM, mode.passwords());
            default -> throw Faults.invalidParameterValue("Invalid authentication type: %s. Valid types are: "
                    + "password, no-password-required, iam", mode.typeAsString());
        };
    }

    private static Authentications withPasswords(List<String> passwords) {
        if (passwords.isEmpty()) {
            throw Faults.invalidParameterCombination("Passwords must be provided when the authentication type is "
                    + "password.");
        }
        if (passwords.size() > MAX_PASSWORDS) {
            throw Faults.invalidParameterValue("A user can have at most %d passwords.", MAX_PASSWORDS);
        }
        return new Authentications(UserAuthentication.PASSWORD,
                passwords.stream().map(Authentications::passwordHash).distinct().toList());
    }

    private static Authentications withoutPasswords(UserAuthentication way, List<String> passwords) {
        if (!passwords.isEmpty()) {
            throw Faults.invalidParameterCombination(
                    "Passwords cannot be provided when the authentication type is %s.", way.wireName());
        }
        return new Authentications(way, List.of());
    }

    private static String passwordHash(String password) {
        if (password.length() < MIN_LENGTH || password.length() > MAX_LENGTH || !PASSWORD.matcher(password).matches()) {
            throw Faults.invalidParameterValue("Passwords must have from %d to %d printable characters other than "
                    + "space and , \" / @.", MIN_LENGTH, MAX_LENGTH);
        }
        return hash(password);
    }

    /** The hash of an AUTH token that AWS would take. */
    static String tokenHash(String token) {
        if (token.length() < MIN_LENGTH || token.length() > MAX_LENGTH || !TOKEN.matcher(token).matches()) {
            throw Faults.invalidParameterValue("Invalid AuthToken provided. It must have from %d to %d letters, digits "
                    + "and characters of ! & # $ ^ < > -.", MIN_LENGTH, MAX_LENGTH);
        }
        return hash(token);
    }

    private static String hash(String secret) {
        try {
            return HexFormat.of().formatHex(
                    MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }
}

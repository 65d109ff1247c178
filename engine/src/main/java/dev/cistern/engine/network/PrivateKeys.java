package dev.cistern.engine.network;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.KeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Reads private keys from PEM files and makes sure that they belong to a certificate: the form PKCS#8, plain or
 * encrypted, and RSA keys in their older form. What a key is never appears in a message.
 */
final class PrivateKeys {
    private static final Pattern PEM = Pattern.compile("-----BEGIN ([A-Z ]*PRIVATE KEY)-----([^-]*)-----END");
    /** Version 0 and the algorithm rsaEncryption without parameters: what PKCS#8 puts in front of an RSA key. */
    private static final byte[] RSA_PREFIX = {2, 1, 0, 0x30, 13, 6, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86,
            (byte) 0xf7, 13, 1, 1, 1, 5, 0};
    private static final int SEQUENCE = 0x30;
    private static final int OCTETS = 4;

    private PrivateKeys() {}

    /** The key in the file, which signs for this public one. */
    static PrivateKey read(Path file, @Nullable String password, PublicKey owner)
            throws IOException, GeneralSecurityException {
        Matcher pem = PEM.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
        if (!pem.find()) {
            throw new IOException("no private key in " + file);
        }
        byte[] bytes;
        try {
            bytes = Base64.getMimeDecoder().decode(pem.group(2));
        } catch (IllegalArgumentException e) {
            throw new IOException("no private key in " + file, e);
        }
        PrivateKey key = KeyFactory.getInstance(owner.getAlgorithm())
                .generatePrivate(spec(pem.group(1), bytes, password, file));
        if (!belongTogether(key, owner)) {
            throw new IOException("the key in " + file + " does not belong to the certificate");
        }
        return key;
    }

    private static KeySpec spec(String form, byte[] bytes, @Nullable String password, Path file)
            throws IOException, GeneralSecurityException {
        return switch (form) {
            case "PRIVATE KEY" -> new PKCS8EncodedKeySpec(bytes);
            case "RSA PRIVATE KEY" -> new PKCS8EncodedKeySpec(sequence(RSA_PREFIX, tagged(OCTETS, bytes)));
            case "ENCRYPTED PRIVATE KEY" -> decrypted(bytes, password, file);
            default -> throw new IOException("the key in " + file + " is no PKCS#8; openssl pkcs8 -topk8 makes it one");
        };
    }

    private static KeySpec decrypted(byte[] bytes, @Nullable String password, Path file)
            throws IOException, GeneralSecurityException {
        if (password == null) {
            throw new IOException("the key in " + file + " is encrypted and no password is given");
        }
        EncryptedPrivateKeyInfo sealed = new EncryptedPrivateKeyInfo(bytes);
        String algorithm = sealed.getAlgParameters() == null
                ? sealed.getAlgName()
                : sealed.getAlgParameters().toString();
        return sealed.getKeySpec(SecretKeyFactory.getInstance(algorithm)
                .generateSecret(new PBEKeySpec(password.toCharArray())));
    }

    private static byte[] sequence(byte[]... parts) {
        ByteArrayOutputStream inside = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            inside.writeBytes(part);
        }
        return tagged(SEQUENCE, inside.toByteArray());
    }

    private static byte[] tagged(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        // Always in the long form with two bytes: no key is shorter than 128 bytes or longer than 64 KB.
        out.write(0x82);
        out.write(content.length >> 8);
        out.write(content.length);
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static boolean belongTogether(PrivateKey key, PublicKey owner) throws GeneralSecurityException {
        String algorithm = switch (owner.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> owner.getAlgorithm();
        };
        byte[] text = {1, 2, 3};
        Signature signer = Signature.getInstance(algorithm);
        signer.initSign(key);
        signer.update(text);
        Signature checker = Signature.getInstance(algorithm);
        checker.initVerify(owner);
        checker.update(text);
        return checker.verify(signer.sign());
    }
}

package dev.cistern.engine.network;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class PrivateKeysTest {
    /** In front of the older form, in a key of 2048 bits: the header, version, algorithm, and the octets' header. */
    private static final int PKCS8_FRAME_BYTES = 26;

    @TempDir
    private Path folder;

    private static KeyPair pair(String algorithm, int bits) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(bits);
        return generator.generateKeyPair();
    }

    private Path pem(String form, byte[] bytes) throws IOException {
        return Files.writeString(folder.resolve("key"), "-----BEGIN " + form + "-----\n"
                + Base64.getMimeEncoder().encodeToString(bytes) + "\n-----END " + form + "-----\n");
    }

    @ParameterizedTest
    @CsvSource({"RSA, 2048", "EC, 256", "EC, 384"})
    void readsWhatBelongsTogether(String algorithm, int bits) throws IOException, GeneralSecurityException {
        KeyPair pair = pair(algorithm, bits);
        Path file = pem("PRIVATE KEY", pair.getPrivate().getEncoded());
        assertThat(PrivateKeys.read(file, null, pair.getPublic())).isEqualTo(pair.getPrivate());
        KeyPair another = pair(algorithm, bits);
        assertThatThrownBy(() -> PrivateKeys.read(file, null, another.getPublic())).isInstanceOf(IOException.class)
                .hasMessageContaining("does not belong");
    }

    @Test
    void readsTheOlderFormOfRsa() throws IOException, GeneralSecurityException {
        KeyPair pair = pair("RSA", 2048);
        byte[] encoded = pair.getPrivate().getEncoded();
        Path file = pem("RSA PRIVATE KEY", Arrays.copyOfRange(encoded, PKCS8_FRAME_BYTES, encoded.length));
        assertThat(PrivateKeys.read(file, null, pair.getPublic())).isEqualTo(pair.getPrivate());
    }

    @Test
    void saysWhatItCannotRead() throws IOException, GeneralSecurityException {
        KeyPair pair = pair("EC", 256);
        Path rubbish = Files.writeString(folder.resolve("rubbish"), "nothing");
        assertThatThrownBy(() -> PrivateKeys.read(rubbish, null, pair.getPublic())).isInstanceOf(IOException.class);
        Path older = pem("EC PRIVATE KEY", pair.getPrivate().getEncoded());
        assertThatThrownBy(() -> PrivateKeys.read(older, null, pair.getPublic())).isInstanceOf(IOException.class)
                .hasMessageContaining("openssl pkcs8 -topk8");
        Path sealed = pem("ENCRYPTED PRIVATE KEY", pair.getPrivate().getEncoded());
        assertThatThrownBy(() -> PrivateKeys.read(sealed, null, pair.getPublic())).isInstanceOf(IOException.class);
    }
}

package dev.cistern.control.node;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Map;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** A secret shows itself to nobody who did not ask for it. */
final class SecretTest {

    @Test
    void noTextOfANodeHoldsItsPassword() {
        Secret password = Secret.generate(new SecureRandom());
        assertThat(password.reveal()).hasSize(43).matches("[A-Za-z0-9_-]+");
        NodeSpec spec = new NodeSpec("n", EngineType.REDIS, "7.1.0", "127.0.0.1", 1, 1, Map.of(), true,
                new AdminCredential(AdminCredential.USER, password), Path.of("d"));
        assertThat(spec.toString()).contains("(secret)").doesNotContain(password.reveal());
        assertThat(new Secret(password.reveal())).isEqualTo(password).hasSameHashCodeAs(password);
    }
}

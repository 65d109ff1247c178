package dev.cistern.toolkit;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The toolkit promises Java 17; its tests must run there, not on the newer JDK that compiles the house. */
final class JdkTest {

    @Test
    void testsRunOnTheOldestJdkWePromise() {
        assertThat(Runtime.version().feature()).isEqualTo(17);
    }
}

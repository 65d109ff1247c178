package dev.cistern.app;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Amounts of memory mean what they mean in redis.conf. */
final class ByteAmountTest {

    private final ByteAmount amount = new ByteAmount();

    @ParameterizedTest
    @CsvSource({"0,0", "100,100", "7b,7", "1k,1000", "1kb,1024", "1M,1000000", "512mb,536870912", "2GB,2147483648",
            "3g,3000000000"})
    void readsRedisUnits(String text, long bytes) {
        assertThat(amount.convert(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "mb", "-1", "1.5gb", "10 mb", "5tb"})
    void refusesAnythingElse(String text) {
        assertThatThrownBy(() -> amount.convert(text)).isInstanceOf(TypeConversionException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"9999999999gb", "99999999999999999999"})
    void refusesWhatOverflows(String text) {
        assertThatThrownBy(() -> amount.convert(text)).hasMessageContaining("more memory than any machine");
    }

    @Test
    void showsForHumans() {
        assertThat(ByteAmount.shown(0)).isEqualTo("0 bytes");
        assertThat(ByteAmount.shown(512L << 20)).isEqualTo("512 MB");
        assertThat(ByteAmount.shown(1536)).isEqualTo("1.5 KB");
    }
}

package dev.cistern.toolkit.sql;

import java.math.BigDecimal;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The bytes of rows: numbers pinned, everything comes back, damage is refused. */
@NullUnmarked
final class RowsCodecTest {

    private static final RowsCodec CODEC = new RowsCodec();

    private static Rows sample() {
        List<Rows.Column> columns = new ArrayList<>();
        List<Rows.Cell> cells = new ArrayList<>();
        for (Object value : new Object[]{null, true, (byte) -1, (short) 300, 70_000, 1L << 40, 1.5f, -0.0,
                new BigDecimal("1.50"), "text ü", new byte[]{1, 2}, LocalDate.of(2024, 2, 29), LocalTime.of(1, 2, 3),
                LocalDateTime.of(2024, 1, 1, 0, 0), OffsetDateTime.parse("2024-01-01T00:00:00.5+02:00"), OffsetTime
                        .parse("10:00+01:00"),
                new UUID(1, 2)}) {
            columns.add(new Rows.Column("L" + columns.size(), "n", "t", "s", "c", Types.OTHER, "tn", "cn", 1, 2, 3, 1,
                    18));
            cells.add(new Rows.Cell(value, columns.size() % 3 == 0 ? "driver's own" : null));
        }
        return new Rows(columns, List.of(cells.toArray(Rows.Cell[]::new), cells.toArray(Rows.Cell[]::new)));
    }

    @Test
    void typeNumbersArePersistedAndNeverMove() {
        assertThat(new int[]{RowsCodec.NULL, RowsCodec.BOOLEAN, RowsCodec.BYTE, RowsCodec.SHORT, RowsCodec.INT,
                RowsCodec.LONG, RowsCodec.FLOAT, RowsCodec.DOUBLE, RowsCodec.DECIMAL, RowsCodec.TEXT, RowsCodec.BYTES,
                RowsCodec.DATE, RowsCodec.TIME, RowsCodec.TIMESTAMP, RowsCodec.TIMESTAMP_ZONED, RowsCodec.TIME_ZONED,
                RowsCodec.UUID_128}).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
    }

    @Test
    void everyTypeComesBack() {
        assertThat(CODEC.decode(CODEC.encode(sample()))).usingRecursiveComparison().isEqualTo(sample());
        Rows empty = new Rows(List.of(), List.of());
        assertThat(CODEC.decode(CODEC.encode(empty))).usingRecursiveComparison().isEqualTo(empty);
    }

    @Test
    void anUnknownTypeIsRefusedWhenWritten() {
        Rows rows = new Rows(sample().columns().subList(0, 1), List.<Rows.Cell[]>of(new Rows.Cell[]{new Rows.Cell(
                new Thread(), null)}));
        assertThatThrownBy(() -> CODEC.encode(rows)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void damageIsAnExceptionAndNoMemoryIsTakenForIt() {
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        byte[] whole = CODEC.encode(sample());
        for (int n = 0; n < 20_000; n++) {
            byte[] damaged = Arrays.copyOf(whole, random.nextInt(whole.length + 1));
            for (int hits = random.nextInt(4); hits > 0 && damaged.length > 0; hits--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            try {
                assertThat(CODEC.decode(damaged).rows()).as("seed %d", seed).hasSizeLessThan(10_000);
            } catch (RuntimeException refused) {
                assertThat(refused).as("seed %d", seed).isNotInstanceOf(NullPointerException.class);
            }
        }
    }
}

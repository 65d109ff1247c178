package dev.cistern.toolkit.sql;

import dev.cistern.toolkit.codec.Codec;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of {@link Rows}. No Java serialization and no class names: a closed list of types, each with a number that
 * is written down here and never changes its meaning.
 *
 * <pre>
 *   int columns { text × 8 as in Column up to className, with int type after catalog; int × 5 }
 *   int rows    { per cell: byte type, the value, then if bit 7 of the type is set: text of the driver's own spelling }
 *   text = int bytes, UTF-8
 * </pre>
 */
final class RowsCodec implements Codec<Rows> {

    static final int NULL = 0;
    static final int BOOLEAN = 1;
    static final int BYTE = 2;
    static final int SHORT = 3;
    static final int INT = 4;
    static final int LONG = 5;
    static final int FLOAT = 6;
    static final int DOUBLE = 7;
    static final int DECIMAL = 8;
    static final int TEXT = 9;
    static final int BYTES = 10;
    static final int DATE = 11;
    static final int TIME = 12;
    static final int TIMESTAMP = 13;
    static final int TIMESTAMP_ZONED = 14;
    static final int TIME_ZONED = 15;
    static final int UUID_128 = 16;

    private static final int HAS_DRIVER_TEXT = 0x80;

    @Override
    public byte[] encode(Rows rows) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream(1_024);
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeInt(rows.columns().size());
            for (Rows.Column column : rows.columns()) {
                write(out, column);
            }
            out.writeInt(rows.rows().size());
            for (Rows.Cell[] row : rows.rows()) {
                for (Rows.Cell cell : row) {
                    write(out, cell);
                }
            }
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Rows decode(byte[] bytes) {
        try {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
            int columnCount = count(in);
            List<Rows.Column> columns = new ArrayList<>();
            for (int at = 0; at < columnCount; at++) {
                columns.add(column(in));
            }
            int rowCount = in.readInt();
            if (rowCount < 0 || (columnCount > 0 && rowCount > in.available())) {
                throw new IOException("a count of " + rowCount);
            }
            List<Rows.Cell[]> rows = new ArrayList<>();
            for (int at = 0; at < rowCount; at++) {
                Rows.Cell[] row = new Rows.Cell[columnCount];
                for (int cell = 0; cell < columnCount; cell++) {
                    row[cell] = cell(in);
                }
                rows.add(row);
            }
            return new Rows(List.copyOf(columns), rows);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(DataOutputStream out, Rows.Column column) throws IOException {
        for (String text : new String[]{column.label(), column.name(), column.table(), column.schema(), column
                .catalog()}) {
            text(out, text);
        }
        out.writeInt(column.type());
        text(out, column.typeName());
        text(out, column.className());
        for (int number : new int[]{column.precision(), column.scale(), column.displaySize(), column.nullable(), column
                .flags()}) {
            out.writeInt(number);
        }
    }

    private static Rows.Column column(DataInputStream in) throws IOException {
        return new Rows.Column(text(in), text(in), text(in), text(in), text(in), in.readInt(), text(in), text(in), in
                .readInt(), in.readInt(), in.readInt(), in.readInt(), in.readInt());
    }

    private static void write(DataOutputStream out, Rows.Cell cell) throws IOException {
        int type = typeOf(cell.value());
        String driverText = cell.driverText();
        out.writeByte(driverText == null ? type : type | HAS_DRIVER_TEXT);
        if (cell.value() != null) {
            value(out, type, cell.value());
        }
        if (driverText != null) {
            text(out, driverText);
        }
    }

    private static Rows.Cell cell(DataInputStream in) throws IOException {
        int type = in.readUnsignedByte();
        Object value = value(in, type & ~HAS_DRIVER_TEXT);
        return new Rows.Cell(value, (type & HAS_DRIVER_TEXT) == 0 ? null : text(in));
    }

    private static int typeOf(@Nullable Object value) {
        if (value == null) {
            return NULL;
        }
        return switch (value.getClass().getSimpleName()) {
            case "Boolean" -> BOOLEAN;
            case "Byte" -> BYTE;
            case "Short" -> SHORT;
            case "Integer" -> INT;
            case "Long" -> LONG;
            case "Float" -> FLOAT;
            case "Double" -> DOUBLE;
            case "BigDecimal" -> DECIMAL;
            case "String" -> TEXT;
            case "byte[]" -> BYTES;
            case "LocalDate" -> DATE;
            case "LocalTime" -> TIME;
            case "LocalDateTime" -> TIMESTAMP;
            case "OffsetDateTime" -> TIMESTAMP_ZONED;
            case "OffsetTime" -> TIME_ZONED;
            case "UUID" -> UUID_128;
            default -> throw new IllegalArgumentException("cannot keep a " + value.getClass());
        };
    }

    private static void value(DataOutputStream out, int type, Object value) throws IOException {
        switch (type) {
            case BOOLEAN -> out.writeBoolean((Boolean) value);
            case BYTE -> out.writeByte((Byte) value);
            case SHORT -> out.writeShort((Short) value);
            case INT -> out.writeInt((Integer) value);
            case LONG -> out.writeLong((Long) value);
            case FLOAT -> out.writeFloat((Float) value);
            case DOUBLE -> out.writeDouble((Double) value);
            case BYTES -> bytes(out, (byte[]) value);
            case UUID_128 -> {
                out.writeLong(((UUID) value).getMostSignificantBits());
                out.writeLong(((UUID) value).getLeastSignificantBits());
            }
            default -> text(out, value.toString());
        }
    }

    private static @Nullable Object value(DataInputStream in, int type) throws IOException {
        return switch (type) {
            case NULL -> null;
            case BOOLEAN -> in.readBoolean();
            case BYTE -> in.readByte();
            case SHORT -> in.readShort();
            case INT -> in.readInt();
            case LONG -> in.readLong();
            case FLOAT -> in.readFloat();
            case DOUBLE -> in.readDouble();
            case DECIMAL -> new BigDecimal(text(in));
            case TEXT -> text(in);
            case BYTES -> bytes(in);
            case DATE -> LocalDate.parse(text(in));
            case TIME -> LocalTime.parse(text(in));
            case TIMESTAMP -> LocalDateTime.parse(text(in));
            case TIMESTAMP_ZONED -> OffsetDateTime.parse(text(in));
            case TIME_ZONED -> OffsetTime.parse(text(in));
            case UUID_128 -> new UUID(in.readLong(), in.readLong());
            default -> throw new IOException("a cell of type " + type);
        };
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        bytes(out, text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(DataInputStream in) throws IOException {
        return new String(bytes(in), StandardCharsets.UTF_8);
    }

    private static void bytes(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static byte[] bytes(DataInputStream in) throws IOException {
        byte[] bytes = new byte[count(in)];
        in.readFully(bytes);
        return bytes;
    }

    /** A number of things of which each takes at least a byte; more than there are bytes left is damage. */
    private static int count(DataInputStream in) throws IOException {
        int count = in.readInt();
        if (count < 0 || count > in.available()) {
            throw new IOException("a count of " + count);
        }
        return count;
    }
}

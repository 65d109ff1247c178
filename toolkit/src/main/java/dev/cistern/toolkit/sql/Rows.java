package dev.cistern.toolkit.sql;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A whole query result, read once and never changed: columns, and rows of as many cells. */
record Rows(List<Column> columns, List<Cell[]> rows) {

    /** What a driver's ResultSetMetaData says of one column. */
    record Column(String label, String name, String table, String schema, String catalog, int type, String typeName,
            String className, int precision, int scale, int displaySize, int nullable, int flags) {

        static final int AUTO_INCREMENT = 1;
        static final int SIGNED = 2;
        static final int CASE_SENSITIVE = 4;
        static final int SEARCHABLE = 8;
        static final int CURRENCY = 16;

        boolean has(int flag) {
            return (flags & flag) != 0;
        }
    }

    /**
     * One value. Dates and times are kept as the wall shows them, without a zone of ours, since another JVM with
     * another zone may read them. {@code driverText} is what getString answers where that is not our own spelling.
     */
    record Cell(@Nullable Object value, @Nullable String driverText) {}
}

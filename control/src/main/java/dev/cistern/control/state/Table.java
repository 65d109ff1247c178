package dev.cistern.control.state;

import dev.cistern.control.node.Secret;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A table whose columns are the components of a record, in snake case; a component that is a record itself gives its own
 * components as columns.
 *
 * <p>Why not a mapper of the library: a resource has twenty columns, and writing them out four times each is where columns
 * get lost. Enums are stored by name, so a constant that was ever stored keeps its name. A record with a {@code version} is
 * updated only when nobody else updated it since it was read.
 */
public final class Table<R extends Record> {

    private static final String VERSION = "version";

    private final Class<R> type;
    private final String name;
    private final List<String> keyColumns;
    private final List<String> columns;

    private Table(Class<R> type, String name, List<String> keyColumns) {
        this.type = type;
        this.name = name;
        this.keyColumns = keyColumns;
        this.columns = columnsOf(type);
        if (!columns.containsAll(keyColumns)) {
            throw new IllegalArgumentException(name + " has no columns " + keyColumns);
        }
    }

    public static <R extends Record> Table<R> of(Class<R> type, String name, String... keyColumns) {
        return new Table<>(type, name, List.of(keyColumns));
    }

    /** The row with that key, its values in the order of the key columns. */
    public Optional<R> find(Handle handle, Object... key) {
        return select(handle, "where " + equalToMarks(keyColumns), key).stream().findFirst();
    }

    /** Every row for which the rest of a statement holds, such as {@code where account = ? order by id}. */
    public List<R> select(Handle handle, String rest, Object... arguments) {
        return handle.select("select " + String.join(", ", columns) + " from " + name + " " + rest, arguments)
                .map((row, context) -> read(row))
                .list();
    }

    public long count(Handle handle, String rest, Object... arguments) {
        return handle.select("select count(*) from " + name + " " + rest, arguments).mapTo(Long.class).one();
    }

    public void insert(Handle handle, R row) {
        String marks = columns.stream().map(column -> "?").collect(Collectors.joining(", "));
        handle.execute("insert into " + name + " (" + String.join(", ", columns) + ") values (" + marks + ")",
                valuesOf(row).values().toArray());
    }

    /** Writes the row and returns it with its new version; {@link StaleRowException} when it was changed meanwhile. */
    public R update(Handle handle, R row) {
        Map<String, @Nullable Object> values = valuesOf(row);
        long version = (long) Objects.requireNonNull(values.get(VERSION), name + " has no version");
        values.put(VERSION, version + 1);
        List<String> changed = columns.stream().filter(column -> !keyColumns.contains(column)).toList();
        String sets = changed.stream().map(column -> column + " = ?").collect(Collectors.joining(", "));
        List<@Nullable Object> arguments = new ArrayList<>();
        changed.forEach(column -> arguments.add(values.get(column)));
        keyColumns.forEach(column -> arguments.add(values.get(column)));
        arguments.add(version);
        int count = handle.execute("update " + name + " set " + sets + " where " + equalToMarks(keyColumns)
                + " and version = ?", arguments.toArray());
        if (count != 1) {
            throw new StaleRowException(name);
        }
        return construct(type, values);
    }

    /** Deletes the row with that key, if it is there. */
    public void delete(Handle handle, Object... key) {
        handle.execute("delete from " + name + " where " + equalToMarks(keyColumns), key);
    }

    List<String> columns() {
        return columns;
    }

    String name() {
        return name;
    }

    private static String equalToMarks(List<String> columns) {
        return columns.stream().map(column -> column + " = ?").collect(Collectors.joining(" and "));
    }

    private R read(ResultSet row) throws SQLException {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        for (String column : columns) {
            values.put(column, row.getObject(column));
        }
        return construct(type, values);
    }

    private static List<String> columnsOf(Class<?> record) {
        List<String> columns = new ArrayList<>();
        for (RecordComponent component : record.getRecordComponents()) {
            if (component.getType().isRecord()) {
                columns.addAll(columnsOf(component.getType()));
            } else {
                columns.add(columnName(component));
            }
        }
        return List.copyOf(columns);
    }

    private static String columnName(RecordComponent component) {
        return component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    private static Map<String, @Nullable Object> valuesOf(Record row) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        for (RecordComponent component : row.getClass().getRecordComponents()) {
            Object value = read(component, row);
            if (value instanceof Record nested) {
                values.putAll(valuesOf(nested));
            } else {
                values.put(columnName(component), toColumn(value));
            }
        }
        return values;
    }

    private static @Nullable Object read(RecordComponent component, Record row) {
        try {
            Method accessor = component.getAccessor();
            accessor.setAccessible(true);
            return accessor.invoke(row);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot read " + component, e);
        }
    }

    private static @Nullable Object toColumn(@Nullable Object value) {
        return switch (value) {
            case Enum<?> constant -> constant.name();
            case Secret secret -> secret.reveal();
            case null, default -> value;
        };
    }

    private static <T> T construct(Class<T> record, Map<String, @Nullable Object> values) {
        RecordComponent[] components = record.getRecordComponents();
        @Nullable
        Object[] arguments = new @Nullable Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            arguments[i] = types[i].isRecord()
                    ? construct(types[i], values)
                    : fromColumn(types[i], values.get(columnName(components[i])));
        }
        try {
            Constructor<T> constructor = record.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(arguments);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot make a " + record, e);
        }
    }

    private static @Nullable Object fromColumn(Class<?> type, @Nullable Object value) {
        if (value == null) {
            return null;
        }
        if (type.isEnum()) {
            for (Object constant : type.getEnumConstants()) {
                if (((Enum<?>) constant).name().equals(value)) {
                    return constant;
                }
            }
            throw new IllegalStateException("no " + type.getSimpleName() + " is called " + value);
        }
        return type == Secret.class ? new Secret((String) value) : value;
    }
}

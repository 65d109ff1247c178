package dev.cistern.toolkit.sql;

import java.lang.reflect.Method;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.List;

/** ResultSetMetaData as the driver gave it when the result was read. */
final class ColumnsMetaData extends Overlay {

    private final List<Rows.Column> columns;

    ColumnsMetaData(List<Rows.Column> columns) {
        this.columns = columns;
    }

    @Override
    Object others(Method method, Object[] arguments) throws SQLException {
        throw new SQLFeatureNotSupportedException(method.getName() + " on a cached result");
    }

    public int getColumnCount() {
        return columns.size();
    }

    public String getColumnLabel(int column) throws SQLException {
        return at(column).label();
    }

    public String getColumnName(int column) throws SQLException {
        return at(column).name();
    }

    public String getTableName(int column) throws SQLException {
        return at(column).table();
    }

    public String getSchemaName(int column) throws SQLException {
        return at(column).schema();
    }

    public String getCatalogName(int column) throws SQLException {
        return at(column).catalog();
    }

    public int getColumnType(int column) throws SQLException {
        return at(column).type();
    }

    public String getColumnTypeName(int column) throws SQLException {
        return at(column).typeName();
    }

    public String getColumnClassName(int column) throws SQLException {
        return at(column).className();
    }

    public int getPrecision(int column) throws SQLException {
        return at(column).precision();
    }

    public int getScale(int column) throws SQLException {
        return at(column).scale();
    }

    public int getColumnDisplaySize(int column) throws SQLException {
        return at(column).displaySize();
    }

    public int isNullable(int column) throws SQLException {
        return at(column).nullable();
    }

    public boolean isAutoIncrement(int column) throws SQLException {
        return at(column).has(Rows.Column.AUTO_INCREMENT);
    }

    public boolean isSigned(int column) throws SQLException {
        return at(column).has(Rows.Column.SIGNED);
    }

    public boolean isCaseSensitive(int column) throws SQLException {
        return at(column).has(Rows.Column.CASE_SENSITIVE);
    }

    public boolean isSearchable(int column) throws SQLException {
        return at(column).has(Rows.Column.SEARCHABLE);
    }

    public boolean isCurrency(int column) throws SQLException {
        return at(column).has(Rows.Column.CURRENCY);
    }

    public boolean isReadOnly(int column) {
        return true;
    }

    public boolean isWritable(int column) {
        return false;
    }

    public boolean isDefinitelyWritable(int column) {
        return false;
    }

    public boolean isWrapperFor(Class<?> type) {
        return false;
    }

    private Rows.Column at(int column) throws SQLException {
        if (column < 1 || column > columns.size()) {
            throw new SQLException("There is no column " + column, "42703");
        }
        return columns.get(column - 1);
    }
}

package dev.cistern.control.resource;

import dev.cistern.control.state.Table;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** A value that a parameter group has instead of its family's default; {@code key} is the group's. */
public record ParameterValue(ResourceKey key, String parameterName, String parameterValue) {

    public static final Table<ParameterValue> TABLE = Table.of(ParameterValue.class, "parameter_value", "account",
            "region", "id", "parameter_name");

    /** The values of a group, by parameter. */
    public static List<ParameterValue> of(Handle handle, ResourceKey group) {
        return TABLE.select(handle, "where account = ? and region = ? and id = ? order by parameter_name",
                group.account(), group.region(), group.id());
    }

    /** Sets the value, whether there was one or not. */
    public static void put(Handle handle, ResourceKey group, String name, String value) {
        remove(handle, group, name);
        TABLE.insert(handle, new ParameterValue(group, name, value));
    }

    /** The parameter has its default again. */
    public static void remove(Handle handle, ResourceKey group, String name) {
        TABLE.delete(handle, group.account(), group.region(), group.id(), name);
    }
}

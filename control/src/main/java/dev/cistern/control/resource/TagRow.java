package dev.cistern.control.resource;

import dev.cistern.control.state.Table;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** One tag on one resource. */
public record TagRow(String arn, String tagKey, String tagValue) {

    public static final Table<TagRow> TABLE = Table.of(TagRow.class, "tag", "arn", "tag_key");

    /** The tags of a resource, by key. */
    public static List<TagRow> of(Handle handle, String arn) {
        return TABLE.select(handle, "where arn = ? order by tag_key", arn);
    }

    public static void deleteAll(Handle handle, String arn) {
        handle.execute("delete from tag where arn = ?", arn);
    }
}

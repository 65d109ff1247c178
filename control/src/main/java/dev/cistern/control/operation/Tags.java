package dev.cistern.control.operation;

import dev.cistern.control.resource.TagRow;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.Tag;

/** The rules of tags, and their rows. */
final class Tags {

    private static final int MAX_KEY = 128;
    private static final int MAX_VALUE = 256;
    private static final String RESERVED = "aws:";

    private Tags() {}

    /** Adds the tags or changes their values. */
    static void put(Context context, String arn, List<Tag> tags) {
        for (Tag tag : tags) {
            String key = checkedKey(tag.key());
            String value = checkedValue(tag.value());
            TagRow.TABLE.delete(context.handle(), arn, key);
            TagRow.TABLE.insert(context.handle(), new TagRow(arn, key, value));
        }
        int quota = context.options().quotas().tagsPerResource();
        if (TagRow.of(context.handle(), arn).size() > quota) {
            throw Faults.tagQuotaExceeded(quota);
        }
    }

    static void remove(Context context, String arn, List<String> keys) {
        List<String> present = TagRow.of(context.handle(), arn).stream().map(TagRow::tagKey).toList();
        for (String key : keys) {
            if (!present.contains(key)) {
                throw Faults.tagNotFound(key);
            }
            TagRow.TABLE.delete(context.handle(), arn, key);
        }
    }

    /** For a resource that goes. */
    static void removeAll(Context context, String arn) {
        TagRow.deleteAll(context.handle(), arn);
    }

    static List<Tag> list(Context context, String arn) {
        return TagRow.of(context.handle(), arn).stream()
                .map(row -> Tag.builder().key(row.tagKey()).value(row.tagValue()).build())
                .toList();
    }

    private static String checkedKey(@Nullable String key) {
        if (key == null || key.isEmpty() || key.length() > MAX_KEY) {
            throw Faults.invalidParameterValue("Tag keys must have from 1 to %d characters.", MAX_KEY);
        }
        if (key.toLowerCase(Locale.ROOT).startsWith(RESERVED)) {
            throw Faults.invalidParameterValue("Tag keys starting with '%s' are reserved for system use.", RESERVED);
        }
        return key;
    }

    private static String checkedValue(@Nullable String value) {
        String text = value == null ? "" : value;
        if (text.length() > MAX_VALUE) {
            throw Faults.invalidParameterValue("Tag values must not have more than %d characters.", MAX_VALUE);
        }
        return text;
    }
}

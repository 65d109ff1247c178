package dev.cistern.engine.commands;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.store.Keyspace;
import dev.cistern.store.RealText;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How SORT compares: by numbers or by text, of the elements or of what a pattern leads to.
 *
 * <p>Text is compared as the original does in the C locale, byte by byte: up to the first NUL for an answer, all of it for
 * what is stored. Elements of the same number are ordered by their text, so that an order is always the same. Lives as long
 * as its command.
 */
final class SortOrder {
    private static final CommandException NOT_NUMBERS = CommandException.of(
            "ERR One or more scores can't be converted into double");

    /** An element with what it is compared by. */
    static final class Element {
        private final byte[] value;
        private double score;
        private byte @Nullable [] text;

        Element(byte[] value) {
            this.value = value;
        }

        byte[] value() {
            return value;
        }
    }

    private final boolean alphabetic;
    private final boolean descending;
    private final boolean byPattern;
    private final boolean stores;

    SortOrder(boolean alphabetic, boolean descending, boolean byPattern, boolean stores) {
        this.alphabetic = alphabetic;
        this.descending = descending;
        this.byPattern = byPattern;
        this.stores = stores;
    }

    /** Finds out what each element is compared by; what a pattern leads to nowhere counts as 0, or as the least text. */
    void weigh(List<Element> elements, Keyspace keyspace, @Nullable SortPattern by) {
        boolean allNumbers = true;
        for (Element element : elements) {
            byte[] weight = by == null ? element.value : by.valueFor(element.value, keyspace);
            if (alphabetic) {
                element.text = weight;
            } else if (weight != null) {
                element.score = number(weight);
                allNumbers &= !Double.isNaN(element.score);
            }
        }
        if (!allNumbers) {
            throw NOT_NUMBERS;
        }
    }

    /** The number as C reads it, which ends at a NUL and takes an empty text as 0; NaN for what is none or too large. */
    private static double number(byte[] text) {
        return RealText.parseWhole(text, endOfText(text));
    }

    private static int endOfText(byte[] text) {
        for (int i = 0; i < text.length; i++) {
            if (text[i] == 0) {
                return i;
            }
        }
        return text.length;
    }

    void sort(List<Element> elements) {
        elements.sort((one, other) -> descending ? -compare(one, other) : compare(one, other));
    }

    private int compare(Element one, Element other) {
        if (!alphabetic) {
            int order = one.score < other.score ? -1 : one.score > other.score ? 1 : 0;
            return order != 0 ? order : Arrays.compareUnsigned(one.value, other.value);
        }
        byte[] text = one.text;
        byte[] otherText = other.text;
        if (text == null || otherText == null) {
            return Boolean.compare(text != null, otherText != null);
        }
        return stores || (byPattern && text.length == 0)
                ? Arrays.compareUnsigned(text, otherText)
                : Arrays.compareUnsigned(text, 0, endOfText(text), otherText, 0, endOfText(otherText));
    }
}

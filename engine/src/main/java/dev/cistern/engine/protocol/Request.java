package dev.cistern.engine.protocol;

import dev.cistern.store.Bytes;
import dev.cistern.store.Decimal;
import dev.cistern.store.FieldSource;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import dev.cistern.store.RealText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One request: its arguments as views of the bytes that arrived, the command's name first.
 *
 * <p>Reused for every request of an event loop, so a view is valid until the command returns; whatever has to live
 * longer is copied by its owner. Runs on the event loop's thread.
 */
public final class Request implements FieldSource {
    /** Far more than commands usually have; a wider request widens the array for as long as it is being served. */
    private static final int USUAL_ARGUMENTS = 64;

    private final Bytes view = new Bytes();
    private final Bytes secondView = new Bytes();
    private Bytes[] arguments = newViews(new Bytes[USUAL_ARGUMENTS], 0);
    private final List<Bytes> replaced = new ArrayList<>(0);
    private int count;

    private static Bytes[] newViews(Bytes[] views, int from) {
        for (int i = from; i < views.length; i++) {
            views[i] = new Bytes();
        }
        return views;
    }

    /** How many arguments there are, the command's name included. */
    public int count() {
        return count;
    }

    /** A view of the argument; 0 is the command's name. Valid until the command returns. */
    @Override
    public Bytes argument(int index) {
        return arguments[index];
    }

    /** The same as {@link #argument}, where it reads better. */
    public Bytes key(int index) {
        return arguments[index];
    }

    /** A view for the command's own use, so that reading a value costs no object. */
    public Bytes view() {
        return view;
    }

    /** Another such view, for what comes in pairs. */
    public Bytes secondView() {
        return secondView;
    }

    /** A copy as text: for names, options and messages, not for the data path. */
    public String text(int index) {
        return new String(copy(index), StandardCharsets.UTF_8);
    }

    /** A copy on the heap: not for the data path. */
    public byte[] copy(int index) {
        return arguments[index].toByteArray();
    }

    /** Throws NOT_AN_INTEGER unless the argument is a decimal that fits 64 bits, spelled the one canonical way. */
    public long longAt(int index) {
        return longAt(index, CommandException.NOT_AN_INTEGER);
    }

    public long longAt(int index, CommandException otherwise) {
        Bytes argument = arguments[index];
        long value = Decimal.parse(argument.address(), argument.length());
        if (!Decimal.isInteger(value, argument.address(), argument.length())) {
            throw otherwise;
        }
        return value;
    }

    /** Throws unless the argument is an integer from {@code least} to {@code most}. */
    public long longAt(int index, long least, long most, CommandException otherwise) {
        long value = longAt(index);
        if (value < least || value > most) {
            throw otherwise;
        }
        return value;
    }

    /** Throws NOT_A_FLOAT unless the argument is a number as C's strtod reads it, infinities included, NaN excluded. */
    public double doubleAt(int index) {
        double value = RealText.parseDouble(arguments[index]);
        if (Double.isNaN(value)) {
            throw CommandException.NOT_A_FLOAT;
        }
        return value;
    }

    /** Whether the argument is this word, which is given in capitals; its own letters may be of either case. */
    public boolean is(int index, String word) {
        Bytes argument = arguments[index];
        if (argument.length() != word.length()) {
            return false;
        }
        long address = argument.address();
        for (int i = 0; i < word.length(); i++) {
            int letter = Memory.getByte(address + i);
            if (letter >= 'a' && letter <= 'z') {
                letter -= 'a' - 'A';
            }
            if (letter != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** The arguments from this one on as a request of their own: for commands that carry a command. */
    public Request from(int index) {
        Request inner = new Request();
        for (int i = index; i < count; i++) {
            inner.add(arguments[i].address(), arguments[i].length());
        }
        return inner;
    }

    /** Gives an argument another text until {@link #dropReplacements}, for whoever keeps a copy in between. */
    public void replace(int index, byte[] text) {
        Bytes copy = new Bytes(Memory.allocate(MemoryTag.SESSION, text.length), text.length);
        Memory.copy(text, 0, copy.address(), text.length);
        replaced.add(copy);
        arguments[index].set(copy);
    }

    /** Gives back the memory of replaced arguments, which may not be read any more. */
    public void dropReplacements() {
        for (Bytes copy : replaced) {
            Memory.free(MemoryTag.SESSION, copy.address(), copy.length());
        }
        replaced.clear();
    }

    /** Makes it a request of no arguments. */
    public void clear() {
        count = 0;
        if (arguments.length > USUAL_ARGUMENTS) {
            arguments = Arrays.copyOf(arguments, USUAL_ARGUMENTS);
        }
    }

    /** Adds an argument. Eight bytes from a name's start must be readable; see {@code CommandIndex}. */
    public void add(long address, int length) {
        if (count == arguments.length) {
            arguments = newViews(Arrays.copyOf(arguments, count * 2), count);
        }
        arguments[count++].set(address, length);
    }
}

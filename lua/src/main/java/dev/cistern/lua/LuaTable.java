package dev.cistern.lua;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A Lua table: an array part for keys 1 to n and a hash part for the rest. Raw access only: metatables are consulted by
 * {@link Metamethods}, never here.
 *
 * <p>The layout is that of "The Implementation of Lua 5.0" (Ierusalimschy, de Figueiredo, Celes, 2005): the array part
 * is the largest power of two of which more than half is used; the hash part is a chained scatter table with Brent's
 * variation, filled to the last node before it grows. It is kept to the letter because its consequences are visible to
 * scripts: the order of {@code pairs} and the border that {@code #} finds are those of the original.
 */
public final class LuaTable {
    private static final @Nullable Object[] NO_ARRAY = {};
    private static final @Nullable Object[] NO_NODES = {null};
    private static final int[] NO_CHAIN = {-1};
    private static final int MAX_ARRAY_BITS = 26;

    /** Estimates for accounting: an empty table, an array slot, a node (key, value, chain). */
    static final int OVERHEAD_BYTES = 64;
    private static final int SLOT_BYTES = 20;
    private static final int NODE_BYTES = 28;

    private final Memory memory;
    @Nullable
    Object[] array = NO_ARRAY;
    private @Nullable Object[] keys = NO_NODES;
    private @Nullable Object[] values = NO_NODES;
    /** Index of the next node of the chain, or -1. */
    private int[] chain = NO_CHAIN;
    /** Nodes at and above it have all been used. */
    private int lastFree;

    @Nullable
    LuaTable metatable;
    /** Bit per {@link MetaEvent}: this table, used as a metatable, is known not to have it. */
    private int absentEvents;
    private boolean readonly;
    /** The census that saw this table last; see {@link Memory}. */
    int mark;

    LuaTable(Memory memory) {
        this(memory, 0, 0);
    }

    LuaTable(Memory memory, int arraySize, int hashSize) {
        this.memory = memory;
        memory.charge(OVERHEAD_BYTES + (long) arraySize * SLOT_BYTES + (long) hashSize * NODE_BYTES);
        if (arraySize > 0) {
            array = new Object[arraySize];
        }
        if (hashSize > 0) {
            allocateNodes(hashSize);
        }
    }

    public @Nullable LuaTable metatable() {
        return metatable;
    }

    public void setMetatable(@Nullable LuaTable metatable) {
        requireWritable();
        this.metatable = metatable;
    }

    public boolean isReadonly() {
        return readonly;
    }

    /** From now on (or until undone by the host) every write by a script is an error. */
    public void setReadonly(boolean readonly) {
        this.readonly = readonly;
    }

    private void requireWritable() {
        if (readonly) {
            throw new LuaError("Attempt to modify a readonly table");
        }
    }

    // ---- reading

    public @Nullable Object get(@Nullable Object key) {
        if (key instanceof LuaString string) {
            return get(string);
        }
        if (key instanceof Double number) {
            return get(number.doubleValue());
        }
        if (key == null) {
            return null;
        }
        int node = findOther(key);
        return node < 0 ? null : values[node];
    }

    public @Nullable Object get(LuaString key) {
        int hash = key.hashCode();
        @Nullable
        Object[] nodes = keys;
        int node = hash & (nodes.length - 1);
        do {
            Object candidate = nodes[node];
            if (candidate == key || candidate instanceof LuaString other && other.sameAs(key)) {
                return values[node];
            }
            node = chain[node];
        } while (node >= 0);
        return null;
    }

    @Nullable
    Object get(double key) {
        int index = (int) key;
        if (index == key) {
            return get(index);
        }
        int node = findNumber(key);
        return node < 0 ? null : values[node];
    }

    public @Nullable Object get(int index) {
        @Nullable
        Object[] slots = array;
        if (Integer.compareUnsigned(index - 1, slots.length) < 0) {
            return slots[index - 1];
        }
        if (keys == NO_NODES) {
            return null;
        }
        int node = findNumber(index);
        return node < 0 ? null : values[node];
    }

    public @Nullable Object get(String key) {
        return get(LuaString.of(key));
    }

    private int findNumber(double key) {
        int node = mainPosition(key);
        do {
            if (keys[node] instanceof Double other && other == key) {
                return node;
            }
            node = chain[node];
        } while (node >= 0);
        return -1;
    }

    /** Booleans, tables, functions, coroutines, userdata: equal only to themselves. */
    private int findOther(Object key) {
        int node = mainPosition(key);
        do {
            if (keys[node] == key) {
                return node;
            }
            node = chain[node];
        } while (node >= 0);
        return -1;
    }

    private int find(Object key) {
        if (key instanceof LuaString string) {
            int node = string.hashCode() & (keys.length - 1);
            do {
                if (keys[node] instanceof LuaString other && other.sameAs(string)) {
                    return node;
                }
                node = chain[node];
            } while (node >= 0);
            return -1;
        }
        return key instanceof Double number ? findNumber(number) : findOther(key);
    }

    // ---- writing

    /** Raw write. The key must be neither nil nor NaN: the callers know the words to complain with. */
    public void set(Object key, @Nullable Object value) {
        requireWritable();
        if (key instanceof Double number) {
            double wanted = number;
            int index = (int) wanted;
            if (index == wanted) {
                put(index, number, value);
                return;
            }
        } else if (key instanceof LuaString) {
            absentEvents = 0;
        }
        put(key, value);
    }

    /** As below, for a field. */
    boolean setPlain(LuaString key, @Nullable Object value) {
        if (metatable != null || readonly) {
            return false;
        }
        absentEvents = 0;
        @Nullable
        Object[] nodes = keys;
        int node = key.hashCode() & (nodes.length - 1);
        do {
            Object candidate = nodes[node];
            if (candidate == key || candidate instanceof LuaString other && other.sameAs(key)) {
                values[node] = value;
                return true;
            }
            node = chain[node];
        } while (node >= 0);
        put(key, value);
        return true;
    }

    /** The quick write: true when nothing stands against it, else nothing has been done. */
    boolean setPlain(@Nullable Object key, @Nullable Object value) {
        if (metatable != null || readonly || key == null) {
            return false;
        }
        if (key instanceof Double number) {
            double wanted = number;
            int index = (int) wanted;
            if (index != wanted) {
                return false;
            }
            if (Integer.compareUnsigned(index - 1, array.length) < 0) {
                array[index - 1] = value;
                return true;
            }
        }
        set(key, value);
        return true;
    }

    public void set(int index, @Nullable Object value) {
        requireWritable();
        put(index, null, value);
    }

    public void set(String key, @Nullable Object value) {
        set(LuaString.of(key), value);
    }

    private void put(int index, @Nullable Double boxed, @Nullable Object value) {
        if (Integer.compareUnsigned(index - 1, array.length) < 0) {
            array[index - 1] = value;
        } else {
            // -0 and 0 are one key; the node holds the positive one.
            put(boxed == null || index == 0 ? (Double) (double) index : boxed, value);
        }
    }

    private void put(Object key, @Nullable Object value) {
        int node = find(key);
        if (node < 0) {
            node = insert(key);
            if (node < 0) {
                // The table has grown, and the key may have found its place in the array part.
                set(key, value);
                return;
            }
        }
        values[node] = value;
    }

    /** Gives an absent key a node; -1 when the table had to be laid out anew first. */
    private int insert(Object key) {
        int main = mainPosition(key);
        if (values[main] != null || keys == NO_NODES) {
            int free = freeNode();
            if (free < 0) {
                rehash(key);
                return -1;
            }
            int othersMain = mainPosition(java.util.Objects.requireNonNull(keys[main]));
            if (othersMain == main) {
                chain[free] = chain[main];
                chain[main] = free;
                main = free;
            } else {
                moveAway(main, othersMain, free);
            }
        }
        keys[main] = key;
        return main;
    }

    /** Brent's variation: a node that is not at its main position makes room for one that would be. */
    private void moveAway(int node, int othersMain, int free) {
        int previous = othersMain;
        while (chain[previous] != node) {
            previous = chain[previous];
        }
        chain[previous] = free;
        keys[free] = keys[node];
        values[free] = values[node];
        chain[free] = chain[node];
        chain[node] = -1;
        values[node] = null;
    }

    private int freeNode() {
        while (lastFree > 0) {
            lastFree--;
            if (keys[lastFree] == null) {
                return lastFree;
            }
        }
        return -1;
    }

    private int mainPosition(Object key) {
        if (key instanceof LuaString string) {
            return string.hashCode() & (keys.length - 1);
        }
        if (key instanceof Double number) {
            return mainPosition(number.doubleValue());
        }
        if (key instanceof Boolean truth) {
            return truth ? 1 & (keys.length - 1) : 0;
        }
        return Integer.remainderUnsigned(System.identityHashCode(key), (keys.length - 1) | 1);
    }

    private int mainPosition(double key) {
        if (key == 0) {
            return 0;
        }
        long bits = Double.doubleToRawLongBits(key);
        return Integer.remainderUnsigned((int) bits + (int) (bits >>> 32), (keys.length - 1) | 1);
    }

    // ---- growing

    /** Lays both parts out anew for what they hold and one more key. */
    private void rehash(Object extraKey) {
        // Per power of two: how many integer keys lie in (2^(i-1), 2^i].
        int[] population = new int[MAX_ARRAY_BITS + 1];
        int integers = 0;
        int total = 1;
        for (int i = 0; i < array.length; i++) {
            if (array[i] != null) {
                population[bitsFor(i + 1)]++;
                integers++;
                total++;
            }
        }
        for (int node = 0; node < keys.length; node++) {
            if (values[node] != null) {
                integers += countInteger(keys[node], population);
                total++;
            }
        }
        integers += countInteger(extraKey, population);
        int below = 0;
        int size = 0;
        int inArray = 0;
        for (int bits = 0; bits <= MAX_ARRAY_BITS && (1 << bits) / 2 < integers; bits++) {
            below += population[bits];
            if (population[bits] > 0 && below > (1 << bits) / 2) {
                size = 1 << bits;
                inArray = below;
            }
        }
        resize(size, total - inArray);
    }

    private static int countInteger(@Nullable Object key, int[] population) {
        if (key instanceof Double number) {
            double value = number;
            int index = (int) value;
            if (index == value && index > 0 && index <= 1 << MAX_ARRAY_BITS) {
                population[bitsFor(index)]++;
                return 1;
            }
        }
        return 0;
    }

    /** The smallest b with 2^b at least {@code n}. */
    private static int bitsFor(int n) {
        return 32 - Integer.numberOfLeadingZeros(n - 1);
    }

    private void resize(int arraySize, int hashSize) {
        int hashCapacity = hashSize == 0 ? 0 : 1 << bitsFor(hashSize);
        int oldCapacity = keys == NO_NODES ? 0 : keys.length;
        memory.charge(
                (long) (arraySize - array.length) * SLOT_BYTES + (long) (hashCapacity - oldCapacity) * NODE_BYTES);
        @Nullable
        Object[] oldArray = array;
        @Nullable
        Object[] oldKeys = keys;
        @Nullable
        Object[] oldValues = values;
        if (arraySize != oldArray.length) {
            array = Arrays.copyOf(oldArray, arraySize);
        }
        allocateNodes(hashSize);
        for (int i = arraySize; i < oldArray.length; i++) {
            if (oldArray[i] != null) {
                put((Double) (double) (i + 1), oldArray[i]);
            }
        }
        for (int node = oldKeys.length - 1; node >= 0; node--) {
            Object key = oldKeys[node];
            if (key != null && oldValues[node] != null) {
                reinsert(key, oldValues[node]);
            }
        }
    }

    private void reinsert(Object key, @Nullable Object value) {
        if (key instanceof Double number) {
            double wanted = number;
            int index = (int) wanted;
            if (index == wanted) {
                put(index, number, value);
                return;
            }
        }
        put(key, value);
    }

    private void allocateNodes(int size) {
        if (size == 0) {
            keys = NO_NODES;
            values = NO_NODES;
            chain = NO_CHAIN;
            lastFree = 0;
            return;
        }
        int capacity = 1 << bitsFor(size);
        keys = new Object[capacity];
        values = new Object[capacity];
        chain = new int[capacity];
        Arrays.fill(chain, -1);
        lastFree = capacity;
    }

    /** Makes the array part at least this large: a constructor knows how many items follow. */
    void ensureArray(int size) {
        if (size > array.length) {
            resize(size, usedNodes());
        }
    }

    private int usedNodes() {
        return keys == NO_NODES ? 0 : keys.length;
    }

    // ---- measuring and walking

    /** A border: a key n with t[n] present and t[n+1] absent, or 0. With holes, the one the original finds. */
    public int length() {
        int last = array.length;
        if (last > 0 && array[last - 1] == null) {
            return borderBetween(0, last);
        }
        if (keys == NO_NODES) {
            return last;
        }
        long present = last;
        long absent = (long) last + 1;
        while (get((double) absent) != null) {
            present = absent;
            absent *= 2;
            if (absent > Integer.MAX_VALUE - 2) {
                int i = 1;
                while (get(i) != null) {
                    i++;
                }
                return i - 1;
            }
        }
        return borderBetween((int) present, (int) absent);
    }

    private int borderBetween(int present, int absent) {
        while (absent - present > 1) {
            int middle = (present + absent) >>> 1;
            if (get(middle) == null) {
                absent = middle;
            } else {
                present = middle;
            }
        }
        return present;
    }

    /** Position of a key in the walking order: 0 for nil, then array slots, then nodes; -1 for a key that never was. */
    int positionOf(@Nullable Object key) {
        if (key == null) {
            return 0;
        }
        if (key instanceof Double number) {
            double wanted = number;
            int index = (int) wanted;
            if (index == wanted && index > 0 && index <= array.length) {
                return index;
            }
        }
        int node = find(key);
        return node < 0 ? -1 : array.length + node + 1;
    }

    /** The first position after {@code position} that holds a value, or -1 at the end. */
    int nextPosition(int position) {
        int i = position;
        for (; i < array.length; i++) {
            if (array[i] != null) {
                return i + 1;
            }
        }
        for (int node = i - array.length; node < keys.length; node++) {
            if (values[node] != null) {
                return array.length + node + 1;
            }
        }
        return -1;
    }

    /** The key after this one in the walking order, the first one after null; null at the end. */
    public @Nullable Object nextKey(@Nullable Object key) {
        int position = positionOf(key);
        int following = position < 0 ? -1 : nextPosition(position);
        return following < 0 ? null : keyAt(following);
    }

    /** Whether it may hold anything beside the items of its array part. */
    public boolean hasFields() {
        return keys != NO_NODES;
    }

    Object keyAt(int position) {
        return position <= array.length
                ? (Object) (double) position
                : java.util.Objects.requireNonNull(keys[position - array.length - 1]);
    }

    @Nullable
    Object valueAt(int position) {
        return position <= array.length ? array[position - 1] : values[position - array.length - 1];
    }

    /** What {@link Memory} counts for this table without what it refers to. */
    long sizeBytes() {
        return OVERHEAD_BYTES + (long) array.length * SLOT_BYTES + (long) usedNodes() * NODE_BYTES;
    }

    // ---- as a metatable

    /** The handler this table, used as a metatable, has for an event. Absence is remembered until the next write. */
    @Nullable
    Object handler(MetaEvent event) {
        int bit = 1 << event.ordinal();
        if ((absentEvents & bit) != 0) {
            return null;
        }
        Object handler = get(event.key);
        if (handler == null) {
            absentEvents |= bit;
        }
        return handler;
    }
}

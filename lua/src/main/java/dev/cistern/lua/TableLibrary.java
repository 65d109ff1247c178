package dev.cistern.lua;

import org.jspecify.annotations.Nullable;

/** The library {@code table}. All access is raw. */
final class TableLibrary {
    /** Items moved that count as one instruction. */
    private static final int MOVES_PER_COUNT = 8;

    private TableLibrary() {}

    static void open(LuaState state) {
        LuaTable library = Library.open(state, "table", 16);
        Library.add(library, "concat", TableLibrary::concat);
        Library.add(library, "foreach", TableLibrary::forEach);
        Library.add(library, "foreachi", TableLibrary::forEachItem);
        Library.add(library, "getn", call -> call.returns((double) call.checkTable(1).length()));
        Library.add(library, "insert", TableLibrary::insert);
        Library.add(library, "maxn", TableLibrary::maxIndex);
        Library.add(library, "remove", TableLibrary::remove);
        Library.add(library, "setn", call -> {
            call.checkTable(1);
            throw call.error("'setn' is obsolete");
        });
        Library.add(library, "sort", TableLibrary::sort);
    }

    private static void concat(LuaCall call) {
        LuaTable table = call.checkTable(1);
        LuaString separator = call.optString(2);
        long from = call.optInt(3, 1);
        long to = call.arg(4) == null ? table.length() : call.checkInt(4);
        ByteBuilder out = new ByteBuilder(call.state());
        for (long i = from; i <= to; i++) {
            Object item = table.get((int) i);
            LuaString text = Lua.toStringOrNull(item);
            if (text == null) {
                throw call.error("invalid value (%s) at index %d in table for 'concat'".formatted(Lua.typeName(item),
                        i));
            }
            out.add(text.bytes);
            if (separator != null && i < to) {
                out.add(separator.bytes);
            }
        }
        call.state().interpreter.spend(Math.max(0, to - from) / MOVES_PER_COUNT);
        call.returns(out.finish());
    }

    private static void forEach(LuaCall call) {
        LuaTable table = call.checkTable(1);
        LuaFunction function = call.checkFunction(2);
        int position = table.nextPosition(0);
        while (position > 0) {
            Object key = table.keyAt(position);
            Object result = call.state().interpreter.call(function, key, table.valueAt(position));
            if (result != null) {
                call.returns(result);
                return;
            }
            // The function may have written to the table.
            position = table.nextPosition(table.positionOf(key));
        }
    }

    private static void forEachItem(LuaCall call) {
        LuaTable table = call.checkTable(1);
        LuaFunction function = call.checkFunction(2);
        int length = table.length();
        for (int i = 1; i <= length; i++) {
            Object result = call.state().interpreter.call(function, (double) i, table.get(i));
            if (result != null) {
                call.returns(result);
                return;
            }
        }
    }

    private static void insert(LuaCall call) {
        LuaTable table = call.checkTable(1);
        int end = table.length() + 1;
        switch (call.count()) {
            case 2 -> table.set(end, call.arg(2));
            case 3 -> {
                int position = call.checkInt(2);
                int last = Math.max(end, position);
                for (int i = last; i > position; i--) {
                    table.set(i, table.get(i - 1));
                    countMove(call, i);
                }
                table.set(position, call.arg(3));
            }
            default -> throw call.error("wrong number of arguments to 'insert'");
        }
    }

    private static void countMove(LuaCall call, int i) {
        if (i % MOVES_PER_COUNT == 0) {
            call.state().interpreter.spend(1);
        }
    }

    private static void remove(LuaCall call) {
        LuaTable table = call.checkTable(1);
        int end = table.length();
        int position = call.optInt(2, end);
        if (position < 1 || position > end) {
            return;
        }
        call.returns(table.get(position));
        for (int i = position; i < end; i++) {
            table.set(i, table.get(i + 1));
            countMove(call, i);
        }
        table.set(end, null);
    }

    private static void maxIndex(LuaCall call) {
        LuaTable table = call.checkTable(1);
        double most = 0;
        for (int at = table.nextPosition(0); at > 0; at = table.nextPosition(at)) {
            if (table.keyAt(at) instanceof Double key) {
                most = Math.max(most, key);
            }
        }
        call.returns(most);
    }

    // ---- sort

    private static void sort(LuaCall call) {
        LuaTable table = call.checkTable(1);
        int length = table.length();
        LuaFunction order = call.arg(2) == null ? null : call.checkFunction(2);
        new Sorter(call, table, order).sort(1, length);
    }

    /**
     * Quicksort with the median of three (Sedgewick 1978), in the original's sequence of comparisons: what ends up where
     * among equal items, and what an inconsistent order function sees, are the same.
     */
    private static final class Sorter {
        private final LuaCall call;
        private final LuaTable table;
        private final @Nullable LuaFunction order;
        private final @Nullable Object[] pair = new Object[2];

        Sorter(LuaCall call, LuaTable table, @Nullable LuaFunction order) {
            this.call = call;
            this.table = table;
            this.order = order;
        }

        private boolean less(@Nullable Object a, @Nullable Object b) {
            Interpreter interpreter = call.state().interpreter;
            if (order == null) {
                interpreter.spend(1);
                return interpreter.metamethods.less(a, b);
            }
            pair[0] = a;
            pair[1] = b;
            interpreter.invoke(order, pair, 0, 2);
            return interpreter.resultCount > 0 && Lua.isTrue(interpreter.results[0]);
        }

        private void swap(int i, int j) {
            Object kept = table.get(i);
            table.set(i, table.get(j));
            table.set(j, kept);
        }

        private void orderPair(int i, int j) {
            if (less(table.get(j), table.get(i))) {
                swap(i, j);
            }
        }

        /** Recurses into the smaller part only, so the depth stays logarithmic. */
        void sort(int first, int last) {
            int low = first;
            int high = last;
            while (low < high) {
                orderPair(low, high);
                if (high - low == 1) {
                    return;
                }
                int middle = (low + high) >>> 1;
                if (less(table.get(middle), table.get(low))) {
                    swap(middle, low);
                } else {
                    orderPair(middle, high);
                }
                if (high - low == 2) {
                    return;
                }
                int pivot = partition(low, high, middle);
                if (pivot - low < high - pivot) {
                    sort(low, pivot - 1);
                    low = pivot + 1;
                } else {
                    sort(pivot + 1, high);
                    high = pivot - 1;
                }
            }
        }

        private int partition(int low, int high, int middle) {
            Object pivot = table.get(middle);
            swap(middle, high - 1);
            int i = low;
            int j = high - 1;
            for (;;) {
                while (less(table.get(++i), pivot)) {
                    if (i > high) {
                        throw call.error("invalid order function for sorting");
                    }
                }
                while (less(pivot, table.get(--j))) {
                    if (j < low) {
                        throw call.error("invalid order function for sorting");
                    }
                }
                if (j < i) {
                    swap(high - 1, i);
                    return i;
                }
                swap(i, j);
            }
        }
    }
}

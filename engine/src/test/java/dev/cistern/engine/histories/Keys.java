package dev.cistern.engine.histories;

import dev.cistern.engine.testing.WireReply;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What some keys hold at one moment, and what a handful of commands would answer then: the servant of one master that
 * all histories are measured against. Immutable once made; types are never mixed up here.
 */
final class Keys {
    static final Keys NONE = new Keys(Collections.emptyNavigableMap());

    private final NavigableMap<String, Object> values;

    private Keys(NavigableMap<String, Object> values) {
        this.values = values;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Keys keys && keys.values.equals(values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return values.toString();
    }

    /** What is there after the operation, or null if its replies cannot come from what is there now. */
    @Nullable
    Keys after(Operation operation) {
        Draft draft = new Draft(new TreeMap<>(values));
        for (int i = 0; i < operation.commands().size(); i++) {
            List<String> command = operation.commands().get(i);
            if (!draft.run(command).equals(comparable(command, operation.replies().get(i)))) {
                return null;
            }
        }
        return new Keys(draft.values);
    }

    /** The members of a set come in any order; there are two ways to say that there is nothing. */
    private static WireReply comparable(List<String> command, WireReply reply) {
        if (reply instanceof WireReply.Null) {
            return WireReply.nil();
        }
        return command.getFirst().equals("SMEMBERS") && reply instanceof WireReply.Array array
                ? new WireReply.Array(array.members().stream().sorted((a, b) -> a.text().compareTo(b.text())).toList())
                : reply;
    }

    /** The same while it changes. */
    private static final class Draft {
        private final NavigableMap<String, Object> values;

        Draft(NavigableMap<String, Object> values) {
            this.values = values;
        }

        WireReply run(List<String> c) {
            return switch (c.getFirst()) {
                case "GET" -> text(get(c.get(1)));
                case "SET" -> set(c);
                case "SETNX" -> number(values.putIfAbsent(c.get(1), c.get(2)) == null ? 1 : 0);
                case "GETSET" -> text((String) values.put(c.get(1), c.get(2)));
                case "GETDEL" -> text((String) values.remove(c.get(1)));
                case "APPEND" -> number(append(c.get(1), c.get(2)).length());
                case "INCRBY" -> number(add(c.get(1), Long.parseLong(c.get(2))));
                case "DEL" -> number(c.stream().skip(1).filter(key -> values.remove(key) != null).count());
                case "EXISTS" -> number(c.stream().skip(1).filter(values::containsKey).count());
                case "MGET" -> new WireReply.Array(c.stream().skip(1).map(key -> text(get(key))).toList());
                case "MSET" -> mset(c);
                case "MSETNX" -> msetnx(c);
                case "RENAMENX" -> rename(c.get(1), c.get(2));
                case "RPUSH" -> push(c.get(1), c.subList(2, c.size()));
                case "LPOP" -> text(pop(c.get(1)));
                case "LLEN" -> number(list(c.get(1)).size());
                case "LRANGE" -> WireReply.array(list(c.get(1)).toArray());
                case "LMOVE", "BLMOVE" -> move(c);
                case "BLPOP" -> blockingPop(c.subList(1, c.size() - 1));
                case "SORT" -> sortInto(c.get(1), c.getLast());
                case "SADD" -> number(member(c, true) ? 1 : 0);
                case "SREM" -> number(member(c, false) ? 1 : 0);
                case "SISMEMBER" -> number(members(c.get(1)).contains(c.get(2)) ? 1 : 0);
                case "SCARD" -> number(members(c.get(1)).size());
                case "SMEMBERS" -> WireReply.array(members(c.get(1)).toArray());
                case "SMOVE" -> smove(c);
                default -> throw new IllegalArgumentException("not known here: " + c);
            };
        }

        private static WireReply number(long value) {
            return WireReply.integer(value);
        }

        private static WireReply text(@Nullable String value) {
            return value == null ? WireReply.nil() : WireReply.bulk(value);
        }

        private @Nullable String get(String key) {
            return (String) values.get(key);
        }

        /** SET key value [IFEQ old] */
        private WireReply set(List<String> c) {
            if (c.size() == 5 && !Objects.equals(get(c.get(1)), c.get(4))) {
                return WireReply.nil();
            }
            values.put(c.get(1), c.get(2));
            return WireReply.ok();
        }

        private String append(String key, String more) {
            String all = Objects.requireNonNullElse(get(key), "") + more;
            values.put(key, all);
            return all;
        }

        private long add(String key, long summand) {
            long sum = Long.parseLong(Objects.requireNonNullElse(get(key), "0")) + summand;
            values.put(key, Long.toString(sum));
            return sum;
        }

        private WireReply mset(List<String> c) {
            for (int i = 1; i < c.size(); i += 2) {
                values.put(c.get(i), c.get(i + 1));
            }
            return WireReply.ok();
        }

        private WireReply msetnx(List<String> c) {
            for (int i = 1; i < c.size(); i += 2) {
                if (values.containsKey(c.get(i))) {
                    return number(0);
                }
            }
            mset(c);
            return number(1);
        }

        private WireReply rename(String from, String to) {
            if (!values.containsKey(from)) {
                return WireReply.error("ERR no such key");
            }
            if (values.containsKey(to)) {
                return number(0);
            }
            values.put(to, Objects.requireNonNull(values.remove(from)));
            return number(1);
        }

        // --- lists: never empty ---

        @SuppressWarnings("unchecked")
        private List<String> list(String key) {
            return (List<String>) values.getOrDefault(key, List.of());
        }

        private void putList(String key, List<String> elements) {
            if (elements.isEmpty()) {
                values.remove(key);
            } else {
                values.put(key, elements);
            }
        }

        private WireReply push(String key, List<String> elements) {
            List<String> all = new ArrayList<>(list(key));
            all.addAll(elements);
            putList(key, all);
            return number(all.size());
        }

        private @Nullable String pop(String key) {
            List<String> all = list(key);
            if (all.isEmpty()) {
                return null;
            }
            putList(key, new ArrayList<>(all.subList(1, all.size())));
            return all.getFirst();
        }

        /** LMOVE from to LEFT RIGHT, and its brother that waits. */
        private WireReply move(List<String> c) {
            String element = pop(c.get(1));
            if (element != null) {
                push(c.get(2), List.of(element));
            }
            return text(element);
        }

        private WireReply blockingPop(List<String> keys) {
            for (String key : keys) {
                String element = pop(key);
                if (element != null) {
                    return WireReply.array(key, element);
                }
            }
            return WireReply.nil();
        }

        /** SORT from ALPHA STORE to */
        private WireReply sortInto(String from, String to) {
            List<String> sorted = list(from).stream().sorted().toList();
            putList(to, sorted);
            return number(sorted.size());
        }

        // --- sets: never empty ---

        @SuppressWarnings("unchecked")
        private SortedSet<String> members(String key) {
            return (SortedSet<String>) values.getOrDefault(key, Collections.emptySortedSet());
        }

        private boolean member(List<String> c, boolean isIn) {
            SortedSet<String> changed = new TreeSet<>(members(c.get(1)));
            boolean did = isIn ? changed.add(c.get(2)) : changed.remove(c.get(2));
            if (changed.isEmpty()) {
                values.remove(c.get(1));
            } else {
                values.put(c.get(1), changed);
            }
            return did;
        }

        private WireReply smove(List<String> c) {
            if (!member(Arrays.asList("SREM", c.get(1), c.get(3)), false)) {
                return number(0);
            }
            member(Arrays.asList("SADD", c.get(2), c.get(3)), true);
            return number(1);
        }
    }
}

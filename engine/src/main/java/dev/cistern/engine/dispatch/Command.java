package dev.cistern.engine.dispatch;

import dev.cistern.engine.blocking.Blocking;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Keyspace;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One row of a {@link CommandTable}: a command's facts and the method that runs it. Immutable once built; any thread.
 *
 * <p>Not the place of counters: those belong to a node and a loop ({@link CommandStatistics}).
 */
public final class Command {

    /** A body that needs the data alone. It runs while the stripes of the request's keys are held. */
    @FunctionalInterface
    public interface KeyspaceBody {
        void run(Keyspace keyspace, Request request, Reply reply);
    }

    /** A body that needs the session, and by it the node. Stripes are held as the row's keys and flags say. */
    @FunctionalInterface
    public interface SessionBody {
        void run(Session session, Request request, Reply reply);
    }

    /** Tells what a command does in one request, where that depends on more than its row. */
    @FunctionalInterface
    public interface FlagSource {
        int flagsOf(Session session, Request request, int flags);
    }

    private final String group;
    private final String name;
    private final String fullName;
    private final int arity;
    private final int flags;
    private final Set<Category> categories;
    private final List<KeySpec> keySpecs;
    private final boolean uncertainKeys;
    private final List<String> tips;
    private final Map<String, Command> subcommands;
    final @Nullable KeyspaceBody keyspaceBody;
    final @Nullable SessionBody sessionBody;
    final @Nullable Blocking blocking;
    /** The index of the one key of a command that has one at a fixed place; 0 otherwise. */
    final int onlyKey;
    final CommandException wrongArity;
    private final @Nullable FlagSource flagSource;
    private final boolean needsAllStripes;

    /** The place of this command's counters; given by the {@link CommandIndex}. */
    private int number = -1;

    private Command(String group, String container, Builder row, @Nullable KeyspaceBody keyspaceBody,
            @Nullable SessionBody sessionBody, @Nullable Blocking blocking) {
        this.group = group;
        this.name = row.name.toLowerCase(Locale.ROOT);
        this.fullName = container.isEmpty() ? name : container + "|" + name;
        this.arity = row.arity;
        this.categories = row.categoriesFor(group);
        this.keySpecs = row.keySpecs();
        this.uncertainKeys = keySpecs.stream().anyMatch(spec -> spec.is(KeySpec.Use.VARIABLE_FLAGS)
                || spec.is(KeySpec.Use.INCOMPLETE) || spec.follow() == KeySpec.Follow.UNKNOWN);
        this.flags = row.flags | (keySpecs.stream().anyMatch(KeySpec::isMovable) ? Flag.MOVABLE_KEYS.bit() : 0);
        this.tips = List.copyOf(row.tips);
        this.flagSource = row.flagSource;
        this.keyspaceBody = keyspaceBody;
        this.sessionBody = sessionBody;
        this.blocking = blocking;
        this.wrongArity = CommandException.of("ERR wrong number of arguments for '%s' command", fullName);
        boolean oneKey = keySpecs.size() == 1 && keySpecs.getFirst().isOneKeyAtIndex();
        this.onlyKey = oneKey && !keySpecs.getFirst().is(KeySpec.Use.NOT_KEY) ? keySpecs.getFirst().beginIndex() : 0;
        this.needsAllStripes = mayTouchUnknownKeys();
        Map<String, Command> built = new LinkedHashMap<>();
        for (Row sub : row.subcommands) {
            Command subcommand = sub.build(group, name);
            if (built.put(subcommand.name, subcommand) != null) {
                throw new IllegalArgumentException("twice: " + subcommand.fullName);
            }
        }
        this.subcommands = built;
    }

    /** In small letters. */
    public String name() {
        return name;
    }

    /** With its container, if it has one: {@code client|list}. */
    public String fullName() {
        return fullName;
    }

    public String group() {
        return group;
    }

    /** The number of arguments with the name; negative: at least so many. For a subcommand, with both names. */
    public int arity() {
        return arity;
    }

    public boolean is(Flag flag) {
        return (flags & flag.bit()) != 0;
    }

    public int flags() {
        return flags;
    }

    /** What it does in this request, which has enough arguments. */
    int flagsIn(Session session, Request request) {
        return flagSource == null ? flags : flagSource.flagsOf(session, request, flags);
    }

    public Set<Category> categories() {
        return categories;
    }

    public List<KeySpec> keySpecs() {
        return keySpecs;
    }

    public List<String> tips() {
        return tips;
    }

    public Map<String, Command> subcommands() {
        return subcommands;
    }

    public boolean isContainer() {
        return !subcommands.isEmpty();
    }

    public int number() {
        return number;
    }

    void number(int value) {
        number = value;
    }

    /** Whether the row allows so many arguments, names included. */
    public boolean accepts(int count) {
        return arity > 0 ? count == arity : count >= -arity;
    }

    /** Whether the body runs without any key: no stripe has to be held. */
    boolean hasKeys() {
        return !keySpecs.isEmpty();
    }

    /**
     * Whether among others in one unit it asks for all stripes: it walks over keys, takes stripes by itself, or may touch
     * keys that its arguments do not tell.
     */
    boolean needsAllStripesInUnit() {
        return needsAllStripes;
    }

    private boolean mayTouchUnknownKeys() {
        if (is(Flag.ALL_STRIPES) || is(Flag.OWN_LOCKING)) {
            return true;
        }
        if (keySpecs.isEmpty()) {
            return is(Flag.READ) || is(Flag.WRITE) || is(Flag.ADMIN);
        }
        return keySpecs.stream().anyMatch(spec -> spec.follow() == KeySpec.Follow.UNKNOWN
                || spec.is(KeySpec.Use.INCOMPLETE));
    }

    /** The index of the first key as the old protocol told it: 0 for none or not at a fixed place. */
    public int firstKey() {
        return hasFixedRange() ? keySpecs.getFirst().beginIndex() : 0;
    }

    /** The index of the last key as the old protocol told it; negative: from the end. */
    public int lastKey() {
        if (!hasFixedRange()) {
            return 0;
        }
        int last = keySpecs.getFirst().last();
        if (last < 0) {
            return last;
        }
        last += keySpecs.getFirst().beginIndex();
        // Neighbouring keys may be stated in several specs: source and destination.
        for (KeySpec other : keySpecs) {
            if (!other.isMovable() && other.beginIndex() == last + 1) {
                last = other.last() < 0 ? other.last() : other.beginIndex() + other.last();
            }
        }
        return last;
    }

    public int keyStep() {
        return hasFixedRange() ? keySpecs.getFirst().step() : 0;
    }

    private boolean hasFixedRange() {
        return !keySpecs.isEmpty() && !keySpecs.getFirst().isMovable();
    }

    /** Shows the visitor the index of each key in the request. */
    public void eachKey(Request request, KeySpec.Visitor visitor) {
        for (int i = 0; i < keySpecs.size(); i++) {
            if (!keySpecs.get(i).is(KeySpec.Use.NOT_KEY)) {
                keySpecs.get(i).eachIn(request, visitor);
            }
        }
    }

    /** Sees a key's index with the spec that found it. */
    public interface SpecVisitor {
        void key(KeySpec spec, int index);
    }

    /** Whether the row alone does not tell which arguments are keys, or what is done to them: see {@link KeyFinder}. */
    boolean hasUncertainKeys() {
        return uncertainKeys;
    }

    /** A row as its family writes it down; it becomes a command when its table is made. */
    public static final class Row {
        private final Builder builder;
        private final @Nullable KeyspaceBody keyspaceBody;
        private final @Nullable SessionBody sessionBody;
        private final @Nullable Blocking blocking;

        private Row(Builder builder, @Nullable KeyspaceBody keyspaceBody, @Nullable SessionBody sessionBody,
                @Nullable Blocking blocking) {
            this.blocking = blocking;
            this.builder = builder;
            this.keyspaceBody = keyspaceBody;
            this.sessionBody = sessionBody;
        }

        Command build(String group, String container) {
            return new Command(group, container, builder, keyspaceBody, sessionBody, blocking);
        }
    }

    /** A row whose body is still to be named. */
    public static final class Builder {
        private final String name;
        private final int arity;
        private int flags;
        private final Set<Category> categories = EnumSet.noneOf(Category.class);
        private final List<KeySpec> specs = new ArrayList<>();
        private final List<String> tips = new ArrayList<>();
        private List<Row> subcommands = List.of();
        private @Nullable FlagSource flagSource;

        Builder(String name, int arity, Fact... facts) {
            this.name = name;
            this.arity = arity;
            for (Fact fact : facts) {
                switch (fact) {
                    case Flag flag -> flags |= flag.bit();
                    case KeySpec spec -> specs.add(spec);
                    case Category category -> categories.add(category);
                    case Fact.Tip tip -> tips.add(tip.text());
                }
            }
        }

        /** What it does is told by each request. */
        public Builder tells(FlagSource source) {
            flagSource = source;
            return this;
        }

        public Row runs(KeyspaceBody body) {
            return new Row(this, body, null, null);
        }

        public Row runsInSession(SessionBody body) {
            return new Row(this, null, body, null);
        }

        /** A body that may find nothing: its session waits then. */
        public Row blocks(Blocking blocking) {
            return new Row(this, null, null, blocking);
        }

        /** A container: its first argument names the subcommand to run. */
        public Row holds(Row... rows) {
            subcommands = List.of(rows);
            return new Row(this, null, null, null);
        }

        /** A container that is a command of its own when it stands alone, as COMMAND is. */
        public Row holds(SessionBody alone, Row... rows) {
            subcommands = List.of(rows);
            return new Row(this, null, alone, null);
        }

        private boolean has(Flag flag) {
            return (flags & flag.bit()) != 0;
        }

        private List<KeySpec> keySpecs() {
            List<KeySpec> complete = new ArrayList<>();
            for (KeySpec spec : specs) {
                boolean told = !spec.uses().isEmpty();
                complete.add(told
                        ? spec
                        : has(Flag.WRITE)
                                ? spec.as(KeySpec.Use.RW, KeySpec.Use.UPDATE)
                                : spec.as(KeySpec.Use.RO, KeySpec.Use.ACCESS));
            }
            return List.copyOf(complete);
        }

        private Set<Category> categoriesFor(String group) {
            Set<Category> all = EnumSet.noneOf(Category.class);
            all.addAll(categories);
            addWhen(all, has(Flag.WRITE), Category.WRITE);
            addWhen(all, has(Flag.READ) && !group.equals("scripting"), Category.READ);
            addWhen(all, has(Flag.ADMIN), Category.ADMIN);
            addWhen(all, has(Flag.ADMIN), Category.DANGEROUS);
            addWhen(all, has(Flag.PUBSUB), Category.PUBSUB);
            addWhen(all, has(Flag.BLOCKING), Category.BLOCKING);
            addWhen(all, has(Flag.FAST), Category.FAST);
            addWhen(all, !has(Flag.FAST), Category.SLOW);
            boolean container = !subcommands.isEmpty();
            // SORT is of the types that it sorts, whatever its group.
            boolean namesTypes = categories.contains(Category.LIST);
            Category ofGroup = container || namesTypes ? null : GROUP_CATEGORIES.get(group);
            addWhen(all, ofGroup != null, ofGroup == null ? Category.SLOW : ofGroup);
            return all;
        }

        private static void addWhen(Set<Category> all, boolean condition, Category category) {
            if (condition) {
                all.add(category);
            }
        }
    }

    /** Families whose every command is in the category of the same subject. */
    private static final Map<String, Category> GROUP_CATEGORIES = Map.ofEntries(
            Map.entry("string", Category.STRING),
            Map.entry("generic", Category.KEYSPACE),
            Map.entry("connection", Category.CONNECTION),
            Map.entry("hash", Category.HASH),
            Map.entry("list", Category.LIST),
            Map.entry("set", Category.SET),
            Map.entry("sorted-set", Category.SORTEDSET),
            Map.entry("stream", Category.STREAM),
            Map.entry("bitmap", Category.BITMAP),
            Map.entry("hyperloglog", Category.HYPERLOGLOG),
            Map.entry("geo", Category.GEO),
            Map.entry("transactions", Category.TRANSACTION),
            Map.entry("scripting", Category.SCRIPTING));
}

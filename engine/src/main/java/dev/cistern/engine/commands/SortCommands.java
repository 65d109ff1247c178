package dev.cistern.engine.commands;

import dev.cistern.engine.acl.AccessCheck;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Lists;
import dev.cistern.store.OpenSet;
import dev.cistern.store.SortedSets;
import dev.cistern.store.ValueType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

import static dev.cistern.engine.dispatch.Category.DANGEROUS;
import static dev.cistern.engine.dispatch.Category.LIST;
import static dev.cistern.engine.dispatch.Category.SET;
import static dev.cistern.engine.dispatch.Category.SORTEDSET;
import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.ALL_STRIPES;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.OW;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.engine.dispatch.KeySpec.unknown;

/**
 * SORT and SORT_RO: the elements of a list, set or sorted set in order, or what other keys say of them.
 *
 * <p>How elements compare is {@link SortOrder}'s, how a pattern leads to a value {@link SortPattern}'s. The elements wait
 * on the heap, as an order needs all of them. Runs on the loop's thread; holds all stripes when patterns name keys that
 * the arguments do not tell, and those of the source and the target otherwise.
 */
final class SortCommands {
    private static final String DENIED = "ERR %s option of SORT denied due to insufficient ACL permissions.";
    private static final CommandException BY_DENIED = CommandException.of(DENIED, "BY");
    private static final CommandException GET_DENIED = CommandException.of(DENIED, "GET");

    private static final KeySpec SOURCE = key(1).as(RO, ACCESS);
    private static final KeySpec BY_AND_GET = unknown().as(RO, ACCESS)
            .notes("For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the "
                    + "content of the key we sort");
    private static final KeySpec STORE = unknown().as(OW, UPDATE)
            .notes("For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in "
                    + "the argument array");

    static final CommandTable TABLE = CommandTable.of("generic",
            command("SORT", -2, SOURCE, BY_AND_GET, STORE, WRITE, DENY_OOM, SET, SORTEDSET, LIST, DANGEROUS,
                    ALL_STRIPES).runsInSession(runs(true)),
            command("SORT_RO", -2, SOURCE, BY_AND_GET, READ, SET, SORTEDSET, LIST, DANGEROUS, ALL_STRIPES)
                    .runsInSession(runs(false)));

    private SortCommands() {}

    private static Command.SessionBody runs(boolean mayStore) {
        return (session, request, reply) -> new Sort(session, request, mayStore).run(reply);
    }

    /** One SORT. Lives as long as its command. */
    private static final class Sort {
        private final Session session;
        private final Keyspace keyspace;
        private final Request request;
        private final Bytes view = new Bytes();

        private boolean descending;
        private boolean alphabetic;
        private boolean sorts = true;
        private long limitStart;
        private long limitCount = -1;
        private @Nullable SortPattern by;
        private final List<SortPattern> gets = new ArrayList<>();
        private @Nullable Bytes target;

        private ValueType type = ValueType.LIST;
        private boolean isThere;
        private int first;
        private int end;

        Sort(Session session, Request request, boolean mayStore) {
            this.session = session;
            this.keyspace = session.keyspace();
            this.request = request;
            readOptions(mayStore);
        }

        private void readOptions(boolean mayStore) {
            int i = 2;
            while (i < request.count()) {
                int left = request.count() - i - 1;
                if (request.is(i, "ASC")) {
                    descending = false;
                } else if (request.is(i, "DESC")) {
                    descending = true;
                } else if (request.is(i, "ALPHA")) {
                    alphabetic = true;
                } else if (request.is(i, "LIMIT") && left >= 2) {
                    limitStart = request.longAt(i + 1);
                    limitCount = request.longAt(i + 2);
                    i += 2;
                } else if (mayStore && request.is(i, "STORE") && left >= 1) {
                    target = request.key(++i);
                } else if (request.is(i, "BY") && left >= 1) {
                    readBy(++i);
                } else if (request.is(i, "GET") && left >= 1) {
                    requireAllKeys(GET_DENIED);
                    gets.add(new SortPattern(request.copy(++i)));
                } else {
                    throw CommandException.SYNTAX_ERROR;
                }
                i++;
            }
        }

        /** A pattern that names no key means: in no order. */
        private void readBy(int index) {
            SortPattern pattern = new SortPattern(request.copy(index));
            by = pattern;
            if (!pattern.hasPlace()) {
                sorts = false;
            } else {
                requireAllKeys(BY_DENIED);
            }
        }

        private void requireAllKeys(CommandException denied) {
            if (session.user().conditions() != 0
                    && !AccessCheck.mayReadEveryKey(session.user(), requestedCommand(), request)) {
                throw denied;
            }
        }

        private Command requestedCommand() {
            Command command = session.commands().find(request.argument(0));
            if (command == null) {
                throw CommandException.SYNTAX_ERROR;
            }
            return command;
        }

        // --- doing it ---

        void run(Reply reply) {
            openSource();
            if (!sorts && type == ValueType.SET && (target != null || session.loop().unit().isInScript())) {
                // A set has no order of its own: what is kept, or what a script goes on with, gets one.
                sorts = true;
                alphabetic = true;
                by = null;
            }
            List<SortOrder.Element> elements = elements();
            if (sorts) {
                SortOrder order = new SortOrder(alphabetic, descending, by != null, target != null);
                order.weigh(elements, keyspace, by);
                order.sort(elements);
            }
            if (target == null) {
                answer(elements, reply);
            } else {
                store(elements, target, reply);
            }
        }

        private void openSource() {
            long entry = keyspace.find(request.key(1));
            isThere = entry != Keyspace.ABSENT;
            if (!isThere) {
                return;
            }
            type = keyspace.type(entry);
            if (type != ValueType.LIST && type != ValueType.SET && type != ValueType.SORTED_SET) {
                throw CommandException.WRONG_TYPE;
            }
        }

        private void bound(long size) {
            long start = Math.clamp(limitStart, 0, size);
            long count = limitCount < 0 ? size : Math.min(limitCount, size);
            first = (int) start;
            end = (int) Math.min(size, start + count);
        }

        private List<SortOrder.Element> elements() {
            if (!isThere) {
                return new ArrayList<>();
            }
            return switch (type) {
                case LIST -> ofList();
                case SET -> ofSet();
                default -> ofSortedSet();
            };
        }

        private List<SortOrder.Element> ofList() {
            Lists lists = keyspace.lists();
            // The source was found, and counted, already.
            lists.openEntry(keyspace.find(request.key(1), Keyspace.NO_TOUCH | Keyspace.NO_STATS));
            bound(lists.size());
            boolean backwards = !sorts && descending;
            List<SortOrder.Element> all = new ArrayList<>();
            boolean more = lists.seek(backwards ? -1 : 0);
            while (more) {
                add(all, lists.read(view));
                more = backwards ? lists.previous() : lists.next();
            }
            return all;
        }

        private List<SortOrder.Element> ofSet() {
            OpenSet set = keyspace.sets().at(0);
            set.openEntry(keyspace.find(request.key(1), Keyspace.NO_TOUCH | Keyspace.NO_STATS));
            bound(set.size());
            List<SortOrder.Element> all = new ArrayList<>();
            set.beginWalk();
            while (set.next(view)) {
                add(all, view);
            }
            return all;
        }

        private List<SortOrder.Element> ofSortedSet() {
            SortedSets sorted = keyspace.sortedSets();
            sorted.openEntry(keyspace.find(request.key(1), Keyspace.NO_TOUCH | Keyspace.NO_STATS));
            bound(sorted.size());
            boolean backwards = !sorts && descending;
            List<SortOrder.Element> all = new ArrayList<>();
            boolean more = sorted.size() > 0 && sorted.seek(backwards ? sorted.size() - 1 : 0);
            while (more) {
                add(all, sorted.read(view));
                more = backwards ? sorted.previous() : sorted.next();
            }
            return all;
        }

        private static void add(List<SortOrder.Element> all, Bytes value) {
            all.add(new SortOrder.Element(value.toByteArray()));
        }

        // --- the result ---

        private int results() {
            return Math.max(0, end - first) * Math.max(1, gets.size());
        }

        private void answer(List<SortOrder.Element> elements, Reply reply) {
            reply.array(results());
            for (int i = first; i < end; i++) {
                byte[] element = elements.get(i).value();
                if (gets.isEmpty()) {
                    reply.bulk(element);
                }
                for (SortPattern get : gets) {
                    byte[] found = get.valueFor(element, keyspace);
                    if (found == null) {
                        reply.nullBulk();
                    } else {
                        reply.bulk(found);
                    }
                }
            }
        }

        private void store(List<SortOrder.Element> elements, Bytes key, Reply reply) {
            List<byte[]> values = new ArrayList<>();
            for (int i = first; i < end; i++) {
                byte[] element = elements.get(i).value();
                if (gets.isEmpty()) {
                    values.add(element);
                }
                for (SortPattern get : gets) {
                    byte[] found = get.valueFor(element, keyspace);
                    values.add(found == null ? new byte[0] : found);
                }
            }
            if (values.isEmpty()) {
                var _ = keyspace.delete(key);
            } else {
                replace(key, values);
            }
            reply.integer(values.size());
        }

        private void replace(Bytes key, List<byte[]> values) {
            Lists list = keyspace.lists();
            list.openToReplace(key);
            long bytes = values.stream().mapToLong(value -> value.length).sum();
            list.expect(values.size(), bytes);
            for (byte[] value : values) {
                Bytes copy = Bytes.copyOf(value);
                try {
                    list.push(false, copy);
                } finally {
                    copy.free();
                }
            }
            list.changed(KeyEvent.SORTSTORE, values.size());
            list.endChange();
        }
    }
}

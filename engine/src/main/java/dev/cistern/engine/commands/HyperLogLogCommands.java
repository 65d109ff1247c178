package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.HyperLogLog;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import java.util.Arrays;
import java.util.Locale;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.MAY_REPLICATE;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.INSERT;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.engine.dispatch.KeySpec.keysFrom;

/** Commands that count distinct elements. A sketch is a string to every other command; what it means stands in {@link HyperLogLog}. */
final class HyperLogLogCommands {

    static final CommandTable TABLE = CommandTable.of("hyperloglog",
            command("PFADD", -2, key(1).as(RW, INSERT), WRITE, DENY_OOM, FAST)
                    .runsInSession(HyperLogLogCommands::pfadd),
            command("PFCOUNT", -2, keysFrom(1).as(RW, ACCESS).notes(
                    "RW because it may change the internal representation of the key, and propagate to replicas"),
                    READ, MAY_REPLICATE).runsInSession(HyperLogLogCommands::pfcount),
            command("PFMERGE", -2, key(1).as(RW, ACCESS, INSERT), keysFrom(2).as(RO, ACCESS), WRITE, DENY_OOM)
                    .runsInSession(HyperLogLogCommands::pfmerge),
            command("PFDEBUG", 3, key(2).as(RW, ACCESS), WRITE, DENY_OOM, ADMIN)
                    .runsInSession(HyperLogLogCommands::pfdebug),
            command("PFSELFTEST", 1, ADMIN).runsInSession(HyperLogLogCommands::pfselftest));

    private static final CommandException NOT_A_SKETCH = CommandException.of(
            "WRONGTYPE Key is not a valid HyperLogLog string value.");
    private static final CommandException CORRUPT = CommandException.of(
            "INVALIDOBJ Corrupted HLL object detected");
    private static final CommandException NO_SUCH_KEY = CommandException.of("ERR The specified key does not exist");
    private static final CommandException NOT_SPARSE = CommandException.of("ERR HLL encoding is not sparse");

    private HyperLogLogCommands() {}

    static void pfadd(Session session, Request request, Reply reply) {
        Keyspace keyspace = session.keyspace();
        Bytes key = request.key(1);
        long entry = keyspace.findForWrite(key);
        boolean changed;
        if (entry != Keyspace.ABSENT && HyperLogLog.isDense(sketch(keyspace, entry, request.view()).address())) {
            changed = addToDense(keyspace, key, request);
        } else {
            changed = addToSparse(session, entry, key, request);
        }
        reply.integer(changed ? 1 : 0);
    }

    private static boolean addToDense(Keyspace keyspace, Bytes key, Request request) {
        long address = request.view().address();
        boolean changed = false;
        for (int i = 2; i < request.count(); i++) {
            Bytes element = request.argument(i);
            changed |= HyperLogLog.addToDense(address, HyperLogLog.hash(element.address(), element.length()));
        }
        if (changed) {
            HyperLogLog.invalidateCache(address);
            keyspace.stringChanged(key, KeyEvent.PFADD);
        }
        return changed;
    }

    /** Creates the sketch or changes a copy, for it may grow. */
    private static boolean addToSparse(Session session, long entry, Bytes key, Request request) {
        int sparseMaxBytes = (int) session.node().settings().hllSparseMaxBytes.value();
        try (HyperLogLog copy = new HyperLogLog()) {
            boolean changed = entry == Keyspace.ABSENT;
            load(copy, entry, request.view());
            for (int i = 2; i < request.count(); i++) {
                Bytes element = request.argument(i);
                int outcome = copy.add(HyperLogLog.hash(element.address(), element.length()), sparseMaxBytes);
                require(outcome >= 0);
                changed |= outcome > 0;
            }
            if (changed) {
                store(session.keyspace(), key, copy);
            }
            return changed;
        }
    }

    static void pfcount(Session session, Request request, Reply reply) {
        if (request.count() > 2) {
            byte[] maxima = new byte[HyperLogLog.REGISTERS];
            for (int i = 1; i < request.count(); i++) {
                merge(maxima, session.keyspace(), request.key(i), request.view());
            }
            reply.integer(HyperLogLog.estimate(maxima));
        } else {
            reply.integer(cardinality(session.keyspace(), request.key(1), request.view()));
        }
    }

    private static long cardinality(Keyspace keyspace, Bytes key, Bytes view) {
        long entry = keyspace.find(key);
        if (entry == Keyspace.ABSENT) {
            return 0;
        }
        Bytes sketch = sketch(keyspace, entry, view);
        long known = HyperLogLog.cachedCardinality(sketch.address());
        if (known >= 0) {
            return known;
        }
        byte[] registers = new byte[HyperLogLog.REGISTERS];
        require(HyperLogLog.mergeInto(registers, sketch.address(), sketch.length()));
        long cardinality = HyperLogLog.estimate(registers);
        HyperLogLog.cacheCardinality(sketch.address(), cardinality);
        // Bytes of the value changed, so replicas and watchers have to know; it is no event to speak of.
        keyspace.stringChanged(key, KeyEvent.SILENT);
        return cardinality;
    }

    static void pfmerge(Session session, Request request, Reply reply) {
        Keyspace keyspace = session.keyspace();
        byte[] maxima = new byte[HyperLogLog.REGISTERS];
        boolean anyDense = false;
        for (int i = 1; i < request.count(); i++) {
            anyDense |= merge(maxima, keyspace, request.key(i), request.view());
        }
        long entry = keyspace.findForWrite(request.key(1));
        try (HyperLogLog target = new HyperLogLog()) {
            if (entry != Keyspace.ABSENT) {
                sketch(keyspace, entry, request.view());
            }
            load(target, entry, request.view());
            require(!anyDense || target.makeDense());
            require(target.raiseAll(maxima, (int) session.node().settings().hllSparseMaxBytes.value()));
            store(keyspace, request.key(1), target);
        }
        reply.ok();
    }

    /** Raises {@code maxima} to the registers under the key, if there are any; says whether they are dense. */
    private static boolean merge(byte[] maxima, Keyspace keyspace, Bytes key, Bytes view) {
        long entry = keyspace.find(key);
        if (entry == Keyspace.ABSENT) {
            return false;
        }
        Bytes sketch = sketch(keyspace, entry, view);
        require(HyperLogLog.mergeInto(maxima, sketch.address(), sketch.length()));
        return HyperLogLog.isDense(sketch.address());
    }

    static void pfdebug(Session session, Request request, Reply reply) {
        Keyspace keyspace = session.keyspace();
        long entry = keyspace.findForWrite(request.key(2));
        if (entry == Keyspace.ABSENT) {
            throw NO_SUCH_KEY;
        }
        Bytes sketch = sketch(keyspace, entry, request.view());
        switch (request.argument(1).toString().toUpperCase(Locale.ROOT)) {
            case "GETREG" -> registers(keyspace, request, reply);
            case "DECODE" -> reply.bulk(decode(sketch));
            case "ENCODING" -> reply.status(HyperLogLog.isDense(sketch.address()) ? "dense" : "sparse");
            case "TODENSE" -> reply.integer(toDense(keyspace, request) ? 1 : 0);
            default -> throw CommandException.of("ERR Unknown PFDEBUG subcommand '%s'", request.argument(1));
        }
    }

    private static void registers(Keyspace keyspace, Request request, Reply reply) {
        toDense(keyspace, request);
        byte[] registers = new byte[HyperLogLog.REGISTERS];
        Bytes sketch = sketch(keyspace, keyspace.findForWrite(request.key(2)), request.view());
        require(HyperLogLog.mergeInto(registers, sketch.address(), sketch.length()));
        reply.array(registers.length);
        for (byte value : registers) {
            reply.integer(value);
        }
    }

    private static final int TEST_ELEMENTS = 100_000;
    private static final int TEST_INTERVAL = 1_000;
    /** Six standard errors, and two elements for the smallest numbers. */
    private static final double TEST_MAX_ERROR = 6 * 0.0081;

    /** Counts known numbers of elements with both encodings, which must agree and be near enough. No key is touched. */
    private static void pfselftest(Session session, Request request, Reply reply) {
        int sparseMaxBytes = (int) session.node().settings().hllSparseMaxBytes.value();
        Bytes element = Bytes.copyOf(new byte[Long.BYTES]);
        try (HyperLogLog dense = new HyperLogLog(); HyperLogLog growing = new HyperLogLog()) {
            dense.clear();
            growing.clear();
            require(dense.makeDense());
            for (int count = 1; count <= TEST_ELEMENTS; count++) {
                Memory.putLong(element.address(), count);
                long hash = HyperLogLog.hash(element.address(), element.length());
                HyperLogLog.addToDense(dense.address(), hash);
                require(growing.add(hash, sparseMaxBytes) >= 0);
                if (count % TEST_INTERVAL == 0 || count < 10) {
                    checkEstimate(dense, growing, count);
                }
            }
        } finally {
            element.free();
        }
        reply.ok();
    }

    private static void checkEstimate(HyperLogLog dense, HyperLogLog growing, int count) {
        byte[] registers = new byte[HyperLogLog.REGISTERS];
        byte[] others = new byte[HyperLogLog.REGISTERS];
        require(HyperLogLog.mergeInto(registers, dense.address(), dense.length()));
        require(HyperLogLog.mergeInto(others, growing.address(), growing.length()));
        if (!Arrays.equals(registers, others)) {
            throw CommandException.of("ERR TESTFAILED the encodings differ after %d elements", count);
        }
        long estimate = HyperLogLog.estimate(registers);
        if (Math.abs(estimate - count) > 2 + TEST_MAX_ERROR * count) {
            throw CommandException.of("ERR TESTFAILED %d elements were counted as %d", count, estimate);
        }
    }

    private static String decode(Bytes sketch) {
        if (HyperLogLog.isDense(sketch.address())) {
            throw NOT_SPARSE;
        }
        String text = HyperLogLog.describeSparse(sketch.address(), sketch.length());
        if (text == null) {
            throw CORRUPT;
        }
        return text;
    }

    private static boolean toDense(Keyspace keyspace, Request request) {
        long entry = keyspace.findForWrite(request.key(2));
        Bytes sketch = sketch(keyspace, entry, request.view());
        if (HyperLogLog.isDense(sketch.address())) {
            return false;
        }
        try (HyperLogLog copy = new HyperLogLog()) {
            load(copy, entry, sketch);
            require(copy.makeDense());
            keyspace.setText(request.key(2), new Bytes(copy.address(), copy.length()), Keyspace.KEEP_DEADLINE,
                    KeyEvent.SILENT);
        }
        return true;
    }

    /** Points {@code view} at the sketch in the entry. */
    private static Bytes sketch(Keyspace keyspace, long entry, Bytes view) {
        Bytes bytes = keyspace.readString(entry, view);
        if (!HyperLogLog.isValid(bytes.address(), bytes.length())) {
            throw NOT_A_SKETCH;
        }
        return bytes;
    }

    private static void load(HyperLogLog copy, long entry, Bytes sketch) {
        if (entry == Keyspace.ABSENT) {
            copy.clear();
        } else {
            require(copy.load(sketch.address(), sketch.length()));
        }
    }

    private static void store(Keyspace keyspace, Bytes key, HyperLogLog sketch) {
        HyperLogLog.invalidateCache(sketch.address());
        keyspace.setText(key, new Bytes(sketch.address(), sketch.length()), Keyspace.KEEP_DEADLINE, KeyEvent.PFADD);
    }

    private static void require(boolean intact) {
        if (!intact) {
            throw CORRUPT;
        }
    }
}

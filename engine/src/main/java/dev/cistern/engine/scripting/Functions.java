package dev.cistern.engine.scripting;

import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.protocol.CommandException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The libraries of a node and the engine that runs their functions.
 *
 * <p>There is one engine for all loops, because a library may keep state between calls. Loading and calling happen within
 * an open unit, of which there is one at a time; what is loaded stands in an immutable snapshot that any thread reads.
 */
final class Functions {

    /** What to do with the libraries that are there when others come from a dump. */
    enum Restoring {
        APPEND, REPLACE, FLUSH
    }

    /** All libraries and all functions at one moment. */
    private record Snapshot(Map<String, FunctionLibrary> libraries, Map<String, Function> functions) {
        static final Snapshot EMPTY = new Snapshot(Map.of(), Map.of());

        /** Throws if it holds the library already and must not lose it, or another library has one of its functions. */
        Snapshot with(FunctionLibrary library, boolean replacing) {
            if (!replacing && libraries.containsKey(library.name())) {
                throw CommandException.of("ERR Library " + library.name() + " already exists");
            }
            Snapshot others = without(library.name());
            Map<String, Function> all = new TreeMap<>(others.functions);
            for (Function function : library.functions().values()) {
                if (all.put(function.name(), function) != null) {
                    throw CommandException.of("ERR Function " + function.name() + " already exists");
                }
            }
            Map<String, FunctionLibrary> names = new TreeMap<>(others.libraries);
            names.put(library.name(), library);
            return new Snapshot(names, all);
        }

        Snapshot without(String name) {
            FunctionLibrary gone = libraries.get(name);
            if (gone == null) {
                return this;
            }
            Map<String, FunctionLibrary> names = new TreeMap<>(libraries);
            names.remove(name);
            Map<String, Function> all = new TreeMap<>(functions);
            all.keySet().removeAll(gone.functions().keySet());
            return new Snapshot(names, all);
        }
    }

    private final Node node;
    private volatile Snapshot snapshot = Snapshot.EMPTY;
    private @Nullable ScriptEngine engine;
    private @Nullable FunctionLoader loader;

    Functions(Node node) {
        this.node = node;
    }

    /** Made when first needed. Within an open unit. */
    ScriptEngine engine() {
        if (engine == null) {
            engine = ScriptEngine.forFunctions(node);
        }
        return engine;
    }

    private FunctionLoader loader() {
        if (loader == null) {
            loader = new FunctionLoader(engine());
        }
        return loader;
    }

    Collection<FunctionLibrary> libraries() {
        return snapshot.libraries().values();
    }

    int functionCount() {
        return snapshot.functions().size();
    }

    /** The function of this name, in letters of any case, or null. */
    @Nullable
    Function find(String name) {
        Map<String, Function> functions = snapshot.functions();
        Function exact = functions.get(name);
        return exact != null ? exact : functions.get(name.toLowerCase(Locale.ROOT));
    }

    /** Adds a library and answers its name. Throws what is wrong with it, and then nothing has changed. */
    String load(byte[] code, boolean replacing) {
        FunctionLibrary.Header header = FunctionLibrary.headerOf(code);
        FunctionLoader.requireEngine(header);
        boolean exists = snapshot.libraries().containsKey(header.name());
        if (exists && !replacing) {
            throw CommandException.of("ERR Library '" + header.name() + "' already exists");
        }
        become(snapshot.with(loader().load(header, code), replacing));
        return header.name();
    }

    void delete(String name) {
        if (!snapshot.libraries().containsKey(name)) {
            throw CommandException.of("ERR Library not found");
        }
        become(snapshot.without(name));
    }

    void flush() {
        become(Snapshot.EMPTY);
        // What the libraries kept is forgotten with the machine that they kept it in.
        if (engine != null) {
            engine.close();
            engine = null;
            loader = null;
        }
    }

    /** Adds all of these, or, when one of them cannot be, none. */
    void restore(List<byte[]> codes, Restoring how) {
        Snapshot changed = how == Restoring.FLUSH ? Snapshot.EMPTY : snapshot;
        for (byte[] code : codes) {
            FunctionLibrary library = loader().load(FunctionLibrary.headerOf(code), code);
            changed = changed.with(library, how == Restoring.REPLACE);
        }
        become(changed);
    }

    private void become(Snapshot changed) {
        snapshot = changed;
        if (engine != null) {
            engine.keepAlive(changed.functions().values());
        }
    }

    long usedBytes() {
        ScriptEngine present = engine;
        return present == null ? 0 : present.usedBytes();
    }

    void close() {
        if (engine != null) {
            engine.close();
            engine = null;
        }
    }
}

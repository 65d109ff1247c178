package dev.cistern.engine.scripting;

import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.dispatch.Part;
import dev.cistern.engine.dispatch.Session;
import java.util.List;

/** What a node keeps for its scripts: the cache, and the libraries of functions. Any thread; its parts say how. */
public final class Scripts implements Part {

    /** What one loop keeps: the engine of EVAL and the short way to the cache. The loop's thread only. */
    static final class OfLoop implements Part {
        final ScriptEngine engine;
        final ScriptLookup lookup;

        private OfLoop(NodeLoop loop) {
            engine = ScriptEngine.forEval(loop.node());
            lookup = new ScriptLookup(of(loop.node()).cache);
        }

        @Override
        public void close() {
            engine.close();
        }
    }

    private final ScriptCache cache = new ScriptCache();
    private final Functions functions;
    private volatile boolean unrestricted;

    private Scripts(Node node) {
        functions = new Functions(node);
    }

    /** The node's; made when first asked for. */
    public static Scripts of(Node node) {
        return node.part(Scripts.class, Scripts::new);
    }

    static OfLoop of(Session session) {
        return session.loop().part(OfLoop.class, OfLoop::new);
    }

    ScriptCache cache() {
        return cache;
    }

    Functions functions() {
        return functions;
    }

    /** Whether scripts may call what is not for scripts. DEBUG switches it on for tests. */
    boolean isUnrestricted() {
        return unrestricted;
    }

    public void unrestricted(boolean value) {
        unrestricted = value;
    }

    // --- for snapshots ---

    /** The texts of all libraries of functions. */
    public List<byte[]> libraryTexts() {
        return functions.libraries().stream().map(FunctionLibrary::code).toList();
    }

    /** Replaces all libraries by these. Throws CommandException, and then none is there. */
    public void restoreLibraries(List<byte[]> texts) {
        functions.restore(texts, Functions.Restoring.FLUSH);
    }

    /** Adds these libraries to those there are, in the place of those of the same name. Throws CommandException. */
    public void addLibraries(List<byte[]> texts) {
        functions.restore(texts, Functions.Restoring.REPLACE);
    }

    // --- for INFO ---

    public int cachedScripts() {
        return cache.count();
    }

    public long evictedScripts() {
        return cache.evicted();
    }

    /** Memory of the scripts' texts. */
    public long scriptBytes() {
        return cache.bodyBytes();
    }

    public int functionCount() {
        return functions.functionCount();
    }

    public int libraryCount() {
        return functions.libraries().size();
    }

    /** Memory of the machine that runs functions. */
    public long functionEngineBytes() {
        return functions.usedBytes();
    }

    @Override
    public void close() {
        functions.close();
    }
}

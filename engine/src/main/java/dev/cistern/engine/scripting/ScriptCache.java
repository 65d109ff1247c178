package dev.cistern.engine.scripting;

import dev.cistern.store.Bytes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The scripts that a node knows, by digest. Those that came by EVAL alone are bounded: the least recently used one makes
 * room for a new one; those that were asked for by SCRIPT LOAD stay until SCRIPT FLUSH.
 *
 * <p>Any thread: finding takes no lock, adding and dropping take this object's monitor. Each loop keeps what it found in a
 * {@link ScriptLookup}, which asks for the {@link #version} whether it may believe itself.
 */
final class ScriptCache {
    /** Valkey's. */
    static final int MAX_EVAL_SCRIPTS = 500;

    private final Map<Sha1, Script> scripts = new ConcurrentHashMap<>();
    private final Set<Sha1> evalScripts = new HashSet<>();
    private final AtomicInteger version = new AtomicInteger();
    /** Counts uses. Written by all loops without care: who is evicted hangs on it, nothing else. */
    private long uses;
    private long bodyBytes;
    private long evicted;

    /** Changes whenever a script was dropped. */
    int version() {
        return version.get();
    }

    @Nullable
    Script find(Sha1 digest) {
        return scripts.get(digest);
    }

    void used(Script script) {
        script.lastUse = ++uses;
    }

    /** The script of this text, compiled if need be. {@code keep}: it is never evicted from now on. */
    synchronized Script add(byte[] body, boolean keep) {
        Sha1 digest = Sha1.of(body);
        Script script = scripts.get(digest);
        if (script == null) {
            script = Script.compile(body);
            if (!keep) {
                makeRoom();
                evalScripts.add(digest);
            }
            scripts.put(digest, script);
            bodyBytes += body.length;
        } else if (keep) {
            evalScripts.remove(digest);
        }
        used(script);
        return script;
    }

    private void makeRoom() {
        if (evalScripts.size() < MAX_EVAL_SCRIPTS) {
            return;
        }
        List<Script> candidates = new ArrayList<>();
        evalScripts.forEach(digest -> candidates.add(scripts.get(digest)));
        Script oldest = candidates.stream().min(Comparator.comparingLong(script -> script.lastUse)).orElseThrow();
        evalScripts.remove(oldest.digest());
        scripts.remove(oldest.digest());
        bodyBytes -= oldest.body().length;
        evicted++;
        version.incrementAndGet();
    }

    /** Forgets all of them. */
    synchronized void flush() {
        scripts.clear();
        evalScripts.clear();
        bodyBytes = 0;
        version.incrementAndGet();
    }

    int count() {
        return scripts.size();
    }

    synchronized long evicted() {
        return evicted;
    }

    synchronized long bodyBytes() {
        return bodyBytes;
    }

    boolean has(Bytes hex) {
        Sha1 digest = Sha1.parse(hex);
        return digest != null && scripts.containsKey(digest);
    }
}

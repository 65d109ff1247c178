package dev.cistern.engine.scripting;

import dev.cistern.store.Bytes;
import dev.cistern.store.Memory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One loop's short way to the {@link ScriptCache}: a script is found by its text without computing the digest, and by its
 * digest without making an object.
 *
 * <p>A table of the scripts met last, one at each place; a text is compared to its last byte. The loop's thread only.
 */
final class ScriptLookup {
    private static final int PLACES = 256;
    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private final ScriptCache cache;
    private final @Nullable Script[] byText = new @Nullable Script[PLACES];
    private final @Nullable Script[] byDigest = new @Nullable Script[PLACES];
    private int version;

    ScriptLookup(ScriptCache cache) {
        this.cache = cache;
    }

    private void trust() {
        int current = cache.version();
        if (current != version) {
            version = current;
            Arrays.fill(byText, null);
            Arrays.fill(byDigest, null);
        }
    }

    /** The script of this text; new ones are compiled and kept in the cache. */
    Script ofText(Bytes text) {
        trust();
        int place = placeOf(text);
        Script known = byText[place];
        if (known == null || !isSame(text, known.body())) {
            known = cache.add(text.toByteArray(), false);
            byText[place] = known;
        } else {
            cache.used(known);
        }
        return known;
    }

    /** The script of this digest, or null. */
    @Nullable
    Script ofDigest(Bytes hex) {
        if (hex.length() != Sha1.HEX_DIGITS) {
            return null;
        }
        trust();
        int place = placeOf(hex);
        Script known = byDigest[place];
        if (known == null || !known.digest().isSpelled(hex)) {
            Sha1 digest = Sha1.parse(hex);
            known = digest == null ? null : cache.find(digest);
            if (known == null) {
                return null;
            }
            byDigest[place] = known;
        }
        cache.used(known);
        return known;
    }

    private static boolean isSame(Bytes text, byte[] body) {
        int length = body.length;
        if (text.length() != length) {
            return false;
        }
        long address = text.address();
        int at = 0;
        for (; at + Long.BYTES <= length; at += Long.BYTES) {
            if (Memory.getLong(address + at) != (long) WORDS.get(body, at)) {
                return false;
            }
        }
        for (; at < length; at++) {
            if (Memory.getByte(address + at) != body[at]) {
                return false;
            }
        }
        return true;
    }

    /** Samples a few words: scripts of the same length usually differ in one of them, and if not they share a place. */
    private static int placeOf(Bytes text) {
        int length = text.length();
        long mixed = length * 0x9E3779B97F4A7C15L;
        int step = Math.max(Long.BYTES, length / 8);
        for (int at = 0; at + Long.BYTES <= length; at += step) {
            mixed = (mixed ^ Memory.getLong(text.address() + at)) * 0x9E3779B97F4A7C15L;
            mixed ^= mixed >>> 32;
        }
        return (int) (mixed >>> 40) & (PLACES - 1);
    }
}

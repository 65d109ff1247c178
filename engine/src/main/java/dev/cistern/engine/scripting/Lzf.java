package dev.cistern.engine.scripting;

import org.jspecify.annotations.Nullable;

/**
 * Reads what the originals compress their strings with. Writing is not needed: everybody reads plain bytes.
 *
 * <pre>
 *   000lllll                      l + 1 bytes as they are
 *   lllooooo oooooooo             l + 2 bytes from o + 1 before, l from 1 to 6
 *   111ooooo llllllll oooooooo    the same with l + 7
 * </pre>
 */
final class Lzf {
    private Lzf() {}

    /** Exactly {@code length} bytes, or null when these are not the compressed form of so many. */
    static byte @Nullable [] decompress(byte[] in, int length) {
        // Three bytes make 264 at the most: a longer claim is a bomb or a lie.
        if (length > (long) in.length * 264) {
            return null;
        }
        byte[] out = new byte[length];
        int to = 0;
        int at = 0;
        while (at < in.length) {
            int control = in[at++] & 0xff;
            if (control < 1 << 5) {
                int count = control + 1;
                if (count > in.length - at || count > length - to) {
                    return null;
                }
                System.arraycopy(in, at, out, to, count);
                at += count;
                to += count;
                continue;
            }
            int count = control >>> 5;
            if (count == 7) {
                if (at >= in.length) {
                    return null;
                }
                count += in[at++] & 0xff;
            }
            count += 2;
            if (at >= in.length) {
                return null;
            }
            int from = to - (((control & 0x1f) << 8) | (in[at++] & 0xff)) - 1;
            if (from < 0 || count > length - to) {
                return null;
            }
            for (int i = 0; i < count; i++) {
                out[to++] = out[from++];
            }
        }
        return to == length ? out : null;
    }
}

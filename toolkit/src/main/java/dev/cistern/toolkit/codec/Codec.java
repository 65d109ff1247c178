package dev.cistern.toolkit.codec;

/**
 * Turns values into bytes and back. Decoding must refuse bytes it does not understand with an exception, which the
 * cache takes for a miss.
 */
public interface Codec<V> {

    /** The bytes of {@code value}. */
    byte[] encode(V value);

    /** The value that {@code bytes} were made from. */
    V decode(byte[] bytes);
}

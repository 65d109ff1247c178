package dev.cistern.engine.pubsub;

import dev.cistern.store.Bytes;
import java.util.Arrays;

/** The name of a channel, or a pattern: any bytes. Immutable; the array is not to be changed. */
public final class ChannelName {
    private final byte[] bytes;
    private final int hash;

    private ChannelName(byte[] bytes) {
        this.bytes = bytes;
        this.hash = Arrays.hashCode(bytes);
    }

    public static ChannelName of(byte[] bytes) {
        return new ChannelName(bytes);
    }

    public static ChannelName of(Bytes bytes) {
        return new ChannelName(bytes.toByteArray());
    }

    public byte[] bytes() {
        return bytes;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ChannelName name && hash == name.hash && Arrays.equals(bytes, name.bytes);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}

package dev.cistern.store;

import jdk.internal.misc.Unsafe;

/**
 * The JDK's own access to raw memory, for {@link Memory} alone, which asks first whether it may use it: only a JVM that
 * was started with {@code --add-exports java.base/jdk.internal.misc=ALL-UNNAMED} can initialise this class.
 */
final class Direct {

    static final Unsafe UNSAFE = Unsafe.getUnsafe();

    private Direct() {}
}

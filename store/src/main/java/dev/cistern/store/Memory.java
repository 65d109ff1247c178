package dev.cistern.store;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;

/**
 * The one door to off-heap memory: reads, writes, copies and compares bytes at raw addresses, and gets and gives back
 * the memory itself, counted by {@link MemoryTag}.
 *
 * <p>
 * Not a safe place: an address is taken at its word. Everything above this class is small enough to be tested against
 * a model for that reason. Any thread may call it; it holds no state but the counters.
 *
 * <p>
 * All accesses go through one segment over the whole address space in the global scope, held in a constant: the
 * compiler then has no liveness to check, unaligned layouts leave no alignment to check, and what remains is one
 * predictable comparison with {@code Long.MAX_VALUE}. Everything is little-endian, on every machine.
 *
 * <p>
 * A JVM that lets it ({@link Direct}) spares the compiler the way there. That makes no single access faster, but the JIT
 * stops inlining into a method when that has become too large for it, and a read through a segment counts many times as
 * much as a read: GET, SET and SADD by 16 took about a tenth less processor time this way, HSET on one large hash did not.
 */
public final class Memory {

    /** The unit in which the operating system gives and takes back memory. */
    public static final int PAGE_BYTES = 4096;

    /** The launcher's JVM lets us; one of a program that has a node in itself need not. */
    private static final boolean DIRECT = Object.class.getModule().isExported("jdk.internal.misc",
            Memory.class.getModule()) && ByteOrder.nativeOrder().equals(ByteOrder.LITTLE_ENDIAN)
            && Direct.UNSAFE.unalignedAccess();

    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Up to here a copy is a few moves through registers; above, the call of the bulk copy is worth its price. */
    private static final int SHORT_COPY_BYTES = 32;

    /** From here on a comparison by vectors is worth the price of its call. */
    private static final int LONG_COMPARISON_BYTES = 128;

    private Memory() {}

    public static byte getByte(long address) {
        return DIRECT ? Direct.UNSAFE.getByte(address) : ALL.get(BYTE, address);
    }

    public static short getShort(long address) {
        return DIRECT ? Direct.UNSAFE.getShort(address) : ALL.get(SHORT, address);
    }

    public static int getInt(long address) {
        return DIRECT ? Direct.UNSAFE.getInt(address) : ALL.get(INT, address);
    }

    public static long getLong(long address) {
        return DIRECT ? Direct.UNSAFE.getLong(address) : ALL.get(LONG, address);
    }

    public static void putByte(long address, byte value) {
        if (DIRECT) {
            Direct.UNSAFE.putByte(address, value);
        } else {
            ALL.set(BYTE, address, value);
        }
    }

    public static void putShort(long address, short value) {
        if (DIRECT) {
            Direct.UNSAFE.putShort(address, value);
        } else {
            ALL.set(SHORT, address, value);
        }
    }

    public static void putInt(long address, int value) {
        if (DIRECT) {
            Direct.UNSAFE.putInt(address, value);
        } else {
            ALL.set(INT, address, value);
        }
    }

    public static void putLong(long address, long value) {
        if (DIRECT) {
            Direct.UNSAFE.putLong(address, value);
        } else {
            ALL.set(LONG, address, value);
        }
    }

    /** Copies {@code length} bytes; the two ranges may overlap. */
    public static void copy(long from, long to, long length) {
        if (length <= SHORT_COPY_BYTES) {
            copyShort(from, to, length);
        } else if (DIRECT) {
            Direct.UNSAFE.copyMemory(from, to, length);
        } else {
            MemorySegment.copy(ALL, from, ALL, to, length);
        }
    }

    /** At most four moves, the last ones overlapping the first; all loads come before the first store. */
    private static void copyShort(long from, long to, long length) {
        if (length >= 16) {
            long first = getLong(from);
            long second = getLong(from + 8);
            long third = getLong(from + length - 16);
            long last = getLong(from + length - 8);
            putLong(to, first);
            putLong(to + 8, second);
            putLong(to + length - 16, third);
            putLong(to + length - 8, last);
        } else if (length >= 8) {
            long first = getLong(from);
            long last = getLong(from + length - 8);
            putLong(to, first);
            putLong(to + length - 8, last);
        } else {
            copyTiny(from, to, length);
        }
    }

    private static void copyTiny(long from, long to, long length) {
        if (length >= 4) {
            int first = getInt(from);
            int last = getInt(from + length - 4);
            putInt(to, first);
            putInt(to + length - 4, last);
        } else if (length > 0) {
            byte first = getByte(from);
            byte middle = getByte(from + (length >>> 1));
            byte last = getByte(from + length - 1);
            putByte(to, first);
            putByte(to + (length >>> 1), middle);
            putByte(to + length - 1, last);
        }
    }

    public static void copy(byte[] from, int offset, long to, int length) {
        MemorySegment.copy(from, offset, ALL, BYTE, to, length);
    }

    public static void copy(long from, byte[] to, int offset, int length) {
        MemorySegment.copy(ALL, BYTE, from, to, offset, length);
    }

    public static void fill(long address, long length, byte value) {
        ALL.asSlice(address, length).fill(value);
    }

    /** Whether two ranges hold the same bytes: eight at a time, the tail by one overlapping load. */
    public static boolean equal(long a, long b, long length) {
        if (length < 8) {
            return equalShort(a, b, length);
        }
        if (length >= LONG_COMPARISON_BYTES) {
            return MemorySegment.mismatch(ALL, a, a + length, ALL, b, b + length) < 0;
        }
        long last = length - 8;
        for (long i = 0; i < last; i += 8) {
            if (getLong(a + i) != getLong(b + i)) {
                return false;
            }
        }
        return getLong(a + last) == getLong(b + last);
    }

    private static boolean equalShort(long a, long b, long length) {
        if (length >= 4) {
            return getInt(a) == getInt(b) && getInt(a + length - 4) == getInt(b + length - 4);
        }
        for (long i = 0; i < length; i++) {
            if (getByte(a + i) != getByte(b + i)) {
                return false;
            }
        }
        return true;
    }

    /** Orders two ranges as unsigned bytes, a shorter one before a longer one that begins with it. */
    public static int compare(long a, long aLength, long b, long bLength) {
        long common = Math.min(aLength, bLength);
        long i = 0;
        for (; i + Long.BYTES <= common; i += Long.BYTES) {
            long left = getLong(a + i);
            long right = getLong(b + i);
            if (left != right) {
                return Long.compareUnsigned(Long.reverseBytes(left), Long.reverseBytes(right));
            }
        }
        for (; i < common; i++) {
            int difference = (getByte(a + i) & 0xFF) - (getByte(b + i) & 0xFF);
            if (difference != 0) {
                return difference;
            }
        }
        return Long.compare(aLength, bLength);
    }

    /** Returns {@code bytes} bytes from the C heap, with any contents. For small things that live long. */
    public static long allocate(MemoryTag tag, long bytes) {
        long address = Native.malloc(bytes);
        if (address == 0) {
            throw new OutOfNativeMemoryException(tag, bytes);
        }
        tag.held.addAndGet(bytes);
        return address;
    }

    /** Gives back what {@link #allocate} returned, with the same tag and size. */
    public static void free(MemoryTag tag, long address, long bytes) {
        Native.free(address);
        tag.held.addAndGet(-bytes);
    }

    /** Returns whole zeroed pages, aligned to a page. A page costs nothing until it is touched. */
    public static long map(MemoryTag tag, long bytes) {
        long address = Native.mmap(bytes, Native.READ_WRITE);
        if (address == Native.FAILED) {
            throw new OutOfNativeMemoryException(tag, bytes);
        }
        tag.held.addAndGet(bytes);
        return address;
    }

    /** Gives back what {@link #map} returned, with the same tag and size. */
    public static void unmap(MemoryTag tag, long address, long bytes) {
        Native.munmap(address, bytes);
        tag.held.addAndGet(-bytes);
    }

    /** Reserves addresses without memory behind them, or returns 0. Pages become usable by {@link #commit}. */
    static long reserve(long bytes) {
        long address = Native.mmap(bytes, Native.NO_ACCESS);
        return address == Native.FAILED ? 0 : address;
    }

    /** Gives reserved addresses back. What was committed in them must have been discarded for the count to be right. */
    static void unreserve(long address, long bytes) {
        Native.munmap(address, bytes);
    }

    /** Makes reserved pages usable; they are zero. Counts nothing: {@link #count} says what is in use. */
    static void commit(MemoryTag tag, long address, long bytes) {
        if (Native.mprotect(address, bytes) != 0) {
            throw new OutOfNativeMemoryException(tag, bytes);
        }
    }

    /** Lets the operating system have the contents of whole pages; they stay usable and read as zero. */
    static void discard(long address, long bytes) {
        Native.madvise(address, bytes, Native.DONT_NEED);
    }

    static void count(MemoryTag tag, long bytes) {
        tag.held.addAndGet(bytes);
    }

    /** Bytes in use under {@code tag}, in this process. */
    public static long heldBytes(MemoryTag tag) {
        return tag.held.get();
    }

    /** Bytes in use under all tags. */
    public static long heldBytes() {
        long sum = 0;
        for (MemoryTag tag : MemoryTag.values()) {
            sum += heldBytes(tag);
        }
        return sum;
    }

    /**
     * The C library's calls. Malloc and free are critical calls (no thread-state change, so about 10 ns less); the
     * calls into the kernel are not, because a long unmapping would hold up every safepoint.
     */
    private static final class Native {
        static final long FAILED = -1;
        static final int NO_ACCESS = 0;
        static final int READ_WRITE = 1 | 2;
        static final int DONT_NEED = 4;
        private static final int PRIVATE_ANONYMOUS_NO_RESERVE = 0x02 | 0x20 | 0x4000;

        private static final Linker LINKER = Linker.nativeLinker();
        private static final SymbolLookup LIBRARY = LINKER.defaultLookup();
        private static final Linker.Option CRITICAL = Linker.Option.critical(false);

        private static final MethodHandle MALLOC = call("malloc",
                FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG), CRITICAL);
        private static final MethodHandle FREE = call("free", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG),
                CRITICAL);
        private static final MethodHandle MMAP = call("mmap",
                FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
        private static final MethodHandle MUNMAP = call("munmap",
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
        private static final MethodHandle MPROTECT = call("mprotect", FunctionDescriptor.of(ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
        private static final MethodHandle MADVISE = call("madvise", FunctionDescriptor.of(ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));

        private static MethodHandle call(String name, FunctionDescriptor descriptor, Linker.Option... options) {
            return LINKER.downcallHandle(LIBRARY.findOrThrow(name), descriptor, options);
        }

        static long malloc(long bytes) {
            try {
                return (long) MALLOC.invokeExact(bytes);
            } catch (Throwable e) {
                throw new LinkageError("malloc", e);
            }
        }

        static void free(long address) {
            try {
                FREE.invokeExact(address);
            } catch (Throwable e) {
                throw new LinkageError("free", e);
            }
        }

        static long mmap(long bytes, int protection) {
            try {
                return (long) MMAP.invokeExact(0L, bytes, protection, PRIVATE_ANONYMOUS_NO_RESERVE, -1, 0L);
            } catch (Throwable e) {
                throw new LinkageError("mmap", e);
            }
        }

        static int munmap(long address, long bytes) {
            try {
                return (int) MUNMAP.invokeExact(address, bytes);
            } catch (Throwable e) {
                throw new LinkageError("munmap", e);
            }
        }

        static int mprotect(long address, long bytes) {
            try {
                return (int) MPROTECT.invokeExact(address, bytes, READ_WRITE);
            } catch (Throwable e) {
                throw new LinkageError("mprotect", e);
            }
        }

        static int madvise(long address, long bytes, int advice) {
            try {
                return (int) MADVISE.invokeExact(address, bytes, advice);
            } catch (Throwable e) {
                throw new LinkageError("madvise", e);
            }
        }
    }
}

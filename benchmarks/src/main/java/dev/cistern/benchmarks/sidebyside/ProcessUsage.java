package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NoSuchElementException;

/**
 * What the kernel has counted for a process: CPU time of all its threads (for a JVM the compiler's and collector's too)
 * and resident memory. Linux only.
 */
final class ProcessUsage {

    /** The kernel's unit in /proc/PID/stat, 10 ms on every Linux in use (USER_HZ). */
    private static final long MICROS_PER_TICK = 10_000;
    /** utime and stime, counted from behind the process's name, which may itself hold blanks. */
    private static final int USER_TICKS = 11;
    private static final int SYSTEM_TICKS = 12;

    private final long pid;
    private final Path folder;

    ProcessUsage(long pid) {
        this.pid = pid;
        this.folder = Path.of("/proc", Long.toString(pid));
    }

    long cpuMicros() {
        String stat = read("stat");
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[USER_TICKS]) + Long.parseLong(fields[SYSTEM_TICKS])) * MICROS_PER_TICK;
    }

    /** From smaps_rollup, which counts pages; VmRSS in `status` lags behind by up to 64 pages a thread. */
    long residentBytes() {
        return rollup("Rss:");
    }

    /** Memory of the process and those that it has forked, each page once. */
    long proportionalBytesOfAll() {
        long sum = rollup("Pss:");
        for (ProcessHandle child : ProcessHandle.of(pid).stream().flatMap(ProcessHandle::descendants).toList()) {
            try {
                sum += new ProcessUsage(child.pid()).rollup("Pss:");
            } catch (UncheckedIOException | NoSuchElementException ended) {
                // Between being listed and being asked.
            }
        }
        return sum;
    }

    private long rollup(String name) {
        return read("smaps_rollup").lines().filter(line -> line.startsWith(name))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst().orElseThrow();
    }

    private String read(String file) {
        try {
            return Files.readString(folder.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException("the server process is gone, or this is no Linux", e);
        }
    }
}

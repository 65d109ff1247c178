package dev.cistern.app;

import dev.cistern.engine.settings.MemorySize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * What Linux says about the machine, judged for a cache server. Reads /proc and /sys below a root folder that a test may
 * replace; a file that is absent (macOS, a tight container) leaves its question out. Changes nothing.
 */
final class MachineCheck {

    private static final long LITTLE_MEMORY_BYTES = 1L << 30;
    /** The default maxclients, and what the process itself keeps open. */
    private static final long WANTED_FILES = 10_000 + 256;
    /** The accept queue that redis.conf asks for; bursts of connections beyond it are refused. */
    private static final long WANTED_ACCEPT_QUEUE = 511;

    private final Path root;

    MachineCheck(Path root) {
        this.root = root;
    }

    List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        memory(findings);
        overcommit(findings);
        hugePages(findings);
        openFiles(findings);
        acceptQueue(findings);
        return findings;
    }

    private void memory(List<Finding> findings) {
        OptionalLong available = numberAfter("proc/meminfo", "MemAvailable:");
        if (available.isEmpty()) {
            return;
        }
        long bytes = available.getAsLong() * 1024;
        OptionalLong limit = number("sys/fs/cgroup/memory.max");
        String found = MemorySize.human(bytes) + " available"
                + (limit.isPresent() ? ", this container may use " + MemorySize.human(limit.getAsLong()) : "");
        long usable = Math.min(bytes, limit.orElse(Long.MAX_VALUE));
        findings.add(usable >= LITTLE_MEMORY_BYTES
                ? Finding.ok("memory", found)
                : Finding.warn("memory", found, "Choose small node types (cache.t4g.micro), or free memory."));
    }

    private void overcommit(List<Finding> findings) {
        OptionalLong mode = number("proc/sys/vm/overcommit_memory");
        if (mode.isEmpty()) {
            return;
        }
        findings.add(mode.getAsLong() != 2
                ? Finding.ok("overcommit", "mode " + mode.getAsLong())
                : Finding.warn("overcommit", "mode 2: memory counts when reserved, not when used",
                        "A node may be refused memory that is free. Do: sysctl vm.overcommit_memory=0"));
    }

    private void hugePages(List<Finding> findings) {
        String modes = text("sys/kernel/mm/transparent_hugepage/enabled");
        if (modes.isEmpty()) {
            return;
        }
        findings.add(!modes.contains("[always]")
                ? Finding.ok("huge pages", modes.strip())
                : Finding.warn("huge pages", "always: memory is taken and given back in 2 MB steps",
                        "Do: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"));
    }

    private void openFiles(List<Finding> findings) {
        OptionalLong limit = numberAfter("proc/self/limits", "Max open files");
        if (limit.isEmpty()) {
            return;
        }
        String found = limit.getAsLong() + " at most";
        findings.add(limit.getAsLong() >= WANTED_FILES
                ? Finding.ok("open files", found)
                : Finding.warn("open files", found,
                        "Each connection takes one. Do: ulimit -n 65536 (LimitNOFILE= in systemd)"));
    }

    private void acceptQueue(List<Finding> findings) {
        OptionalLong length = number("proc/sys/net/core/somaxconn");
        if (length.isEmpty()) {
            return;
        }
        String found = length.getAsLong() + " waiting connections";
        findings.add(length.getAsLong() >= WANTED_ACCEPT_QUEUE
                ? Finding.ok("accept queue", found)
                : Finding.warn("accept queue", found, "Do: sysctl net.core.somaxconn=1024"));
    }

    /** The first number that follows a label in a file of "label   number" lines. */
    private OptionalLong numberAfter(String file, String label) {
        return text(file).lines().filter(line -> line.startsWith(label))
                .map(line -> line.substring(label.length()).strip().split("\\s+")[0])
                .filter(word -> word.chars().allMatch(Character::isDigit))
                .mapToLong(Long::parseLong).findFirst();
    }

    /** The number that is all a file holds; absent for "max". */
    private OptionalLong number(String file) {
        String text = text(file).strip();
        boolean isNumber = !text.isEmpty() && text.chars().allMatch(Character::isDigit);
        return isNumber ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
    }

    private String text(String file) {
        try {
            return Files.readString(root.resolve(file));
        } catch (IOException absent) {
            return "";
        }
    }
}

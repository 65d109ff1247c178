package dev.cistern.app.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What tells one process from every other that had or will have its number: the machine's start, and the moment after it at
 * which the process began, in the kernel's ticks. Both are independent of the clock on the wall, which may be set.
 *
 * <p>Read from Linux's {@code /proc}; there, a process that has ended and is only not yet collected counts as gone.
 */
record ProcessMark(long pid, String boot, long startTick) {

    private static final Path PROC = Path.of("/proc");
    private static final Path BOOT = PROC.resolve("sys/kernel/random/boot_id");

    /** Places in /proc/PID/stat, counted from the state, which is the first word after the name in parentheses. */
    private static final int STATE = 0;
    private static final int START = 19;

    /** Whether this machine can tell processes apart. */
    static boolean isPossible() {
        return Files.isReadable(BOOT) && Files.isReadable(PROC.resolve("self/stat"));
    }

    /** The mark that was written as the number, the boot and the line of {@code /proc/PID/stat}. */
    static ProcessMark parse(String line) throws IOException {
        String[] words = line.strip().split(" ", 3);
        if (words.length < 3) {
            throw new IOException("no process's mark: " + line);
        }
        try {
            return new ProcessMark(Long.parseLong(words[0]), words[1], Long.parseLong(after(words[2])[START]));
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            throw new IOException("no process's mark: " + line, e);
        }
    }

    /** Whether the process is there: the same one, and not ended. */
    boolean isAlive() {
        try {
            String[] now = after(Files.readString(PROC.resolve(pid + "/stat"), StandardCharsets.ISO_8859_1));
            return !"ZX".contains(now[STATE]) && Long.parseLong(now[START]) == startTick
                    && Files.readString(BOOT, StandardCharsets.US_ASCII).strip().equals(boot);
        } catch (IOException | RuntimeException gone) {
            return false;
        }
    }

    /** Whether it is there and stands still, by SIGSTOP or in a debugger's hands: it hears nothing until it is let go. */
    boolean isFrozen() {
        try {
            return "Tt".contains(
                    after(Files.readString(PROC.resolve(pid + "/stat"), StandardCharsets.ISO_8859_1))[STATE])
                    && isAlive();
        } catch (IOException | RuntimeException gone) {
            return false;
        }
    }

    /** The words after the program's name, which may have blanks and parentheses of its own. */
    private static String[] after(String stat) {
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    }
}

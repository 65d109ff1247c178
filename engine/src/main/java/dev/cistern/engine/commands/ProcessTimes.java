package dev.cistern.engine.commands;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the operating system knows of this process's time and Java does not tell. */
final class ProcessTimes {
    private static final int USER_TICKS_AFTER_NAME = 11;
    private static final double TICKS_PER_SECOND = 100;

    private ProcessTimes() {}

    /** Seconds spent outside the kernel; 0 where there is no /proc. */
    static double userSeconds() {
        try {
            String line = Files.readString(Path.of("/proc/self/stat"));
            // The name may hold blanks; fields are counted from its closing parenthesis.
            String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ");
            return Long.parseLong(fields[USER_TICKS_AFTER_NAME]) / TICKS_PER_SECOND;
        } catch (IOException e) {
            return 0;
        }
    }
}

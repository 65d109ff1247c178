package dev.cistern.lua;

import org.jspecify.annotations.Nullable;

/**
 * The box of a local variable that an inner function captured.
 *
 * <p>The parser knows which locals are captured before code is made, so a captured local lives in a cell from its
 * declaration on and nothing has to be moved off the stack when its block ends.
 */
final class Cell {
    static final int SIZE_BYTES = 16;

    @Nullable
    Object value;
    int mark;

    Cell(@Nullable Object value) {
        this.value = value;
    }
}

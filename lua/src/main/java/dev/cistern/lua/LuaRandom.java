package dev.cistern.lua;

/** Where {@code math.random} takes its numbers from. Not shared between threads. */
public interface LuaRandom {
    /** A number of [0, 1). */
    double next();

    void seed(int seed);
}

package dev.cistern.lua;

/** The events a metatable may handle, with the keys of their handlers. */
enum MetaEvent {
    INDEX, NEWINDEX, CALL, EQ, LT, LE, ADD, SUB, MUL, DIV, MOD, POW, UNM, LEN, CONCAT, METATABLE, TOSTRING, MODE;

    final LuaString key = LuaString.of("__" + name().toLowerCase(java.util.Locale.ROOT));
}

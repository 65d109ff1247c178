package dev.cistern.engine.memcached;

import dev.cistern.engine.memcached.MemcachedServer.Maker;

/** set, add, replace, append, prepend, cas and what they refuse, on us and on the original. */
final class StorageWireTest {

    private static void play(Maker maker, String script, String... parameters) {
        try (MemcachedServer server = maker.start(parameters); Wire wire = server.connect()) {
            wire.play(script);
        }
    }

    @Both
    void conditions(Maker maker) {
        play(maker, """
                > add a 1 0 1
                > x
                < STORED
                > add a 2 0 1
                > y
                < NOT_STORED
                > replace b 0 0 1
                > y
                < NOT_STORED
                > replace a 3 0 2
                > yy
                < STORED
                > append a 9 9 2
                > zz
                < STORED
                > prepend a 9 9 1
                > <
                < STORED
                > append nothing 0 0 1
                > x
                < NOT_STORED
                > prepend nothing 0 0 1
                > x
                < NOT_STORED
                > get a b
                < VALUE a 3 5
                < <yyzz
                < END
                > set a 4294967295 0 0
                >
                < STORED
                > get a
                < VALUE a 4294967295 0
                <\s
                < END
                """);
    }

    @Both
    void uniqueNumbers(Maker maker) {
        try (MemcachedServer server = maker.start(); Wire wire = server.connect()) {
            wire.play("""
                    > set a 7 0 1
                    > x
                    < STORED
                    > cas missing 0 0 1 5
                    > y
                    < NOT_FOUND
                    > cas a 0 0 1 0
                    > y
                    < EXISTS
                    > cas a 0 0 1 999999999999
                    > y
                    < EXISTS
                    > gets a
                    < VALUE a 7 1 *
                    < x
                    < END
                    """);
            wire.send("gets a\r\n");
            String unique = wire.line().split(" ")[4];
            wire.play("""
                    < x
                    < END
                    > cas a 8 0 2 %s
                    > yy
                    < STORED
                    > cas a 8 0 2 %s
                    > zz
                    < EXISTS
                    > cas a 8 0 2 %s noreply
                    > zz
                    > get a
                    < VALUE a 8 2
                    < yy
                    < END
                    > cas a 8 0 2
                    < ERROR
                    > cas a 8 0 2 x
                    < CLIENT_ERROR bad command line format
                    """.formatted(unique, unique, unique));
        }
    }

    @Both
    void badLines(Maker maker) {
        String longKey = "k".repeat(251);
        String key = "k".repeat(250);
        play(maker, """
                > set a 0 0
                < ERROR
                > set a 0 0 1 2 3
                < ERROR
                > set a x 0 1
                < CLIENT_ERROR bad command line format
                > set a -1 0 1
                < CLIENT_ERROR bad command line format
                > set a 0 x 1
                < CLIENT_ERROR bad command line format
                > set a 0 0 x
                < CLIENT_ERROR bad command line format
                > set a 0 0 -1
                < CLIENT_ERROR bad command line format
                > set a 0 0 2147483647
                < CLIENT_ERROR bad command line format
                > set a 4294967296 0 1
                > x
                < STORED
                > get a
                < VALUE a 0 1
                < x
                < END
                > set a 0 0 99999999999999999999
                < CLIENT_ERROR bad command line format
                > set LONG 0 0 1
                < CLIENT_ERROR bad command line format
                > x
                < ERROR
                > set KEY 0 0 1
                > x
                < STORED
                > get KEY
                < VALUE KEY 0 1
                < x
                < END
                > get LONG
                < CLIENT_ERROR bad command line format
                > get a LONG
                < CLIENT_ERROR bad command line format
                > set a 0 0 1 noreply
                > x
                > set a 0 0 bad noreply
                > set a 0 0 1 nonsense
                > x
                < STORED
                > SET a 0 0 1
                < ERROR
                >
                < ERROR
                >   set   spaced  0   0  1 \s
                > x
                < STORED
                > get  spaced \s
                < VALUE spaced 0 1
                < x
                < END
                """.replace("LONG", longKey).replace("KEY", key));
    }

    @Both
    void badData(Maker maker) {
        play(maker, """
                > set a 0 0 3
                > abcd
                < CLIENT_ERROR bad data chunk
                < ERROR
                > set a 0 0 3
                > abcdef
                < CLIENT_ERROR bad data chunk
                < ERROR
                > set a 0 0 2 noreply
                > abc
                < ERROR
                > get a
                < END
                """);
    }

    @Both
    void tooLarge(Maker maker) {
        play(maker, """
                > set a 0 0 1
                > x
                < STORED
                > set a 0 0 2000000
                > DATA
                < SERVER_ERROR object too large for cache
                > get a
                < END
                > set a 0 0 1
                > x
                < STORED
                > add a 0 0 2000000
                > DATA
                < SERVER_ERROR object too large for cache
                > append a 0 0 1048570
                > NEARLY
                < SERVER_ERROR object too large for cache
                > get a
                < VALUE a 0 1
                < x
                < END
                > set b 0 0 2000000 noreply
                > DATA
                > set b 0 0 600000
                > FITS
                < STORED
                > append b 0 0 600000
                > FITS
                < NOT_STORED
                > get b
                < VALUE b 0 600000
                < FITS
                < END
                """.replace("DATA", "d".repeat(2000000)).replace("NEARLY", "n".repeat(1048570)).replace("FITS",
                "f".repeat(600000)), "max_item_size", "1048576");
    }

    @Both
    void expiry(Maker maker) {
        play(maker, """
                > set past 0 -1 1
                > x
                < STORED
                > get past
                < END
                > add past 0 1 1
                > y
                < STORED
                > set absolute 0 2100000000 1
                > x
                < STORED
                > set gone 0 2592001 1
                > x
                < STORED
                > get absolute gone
                < VALUE absolute 0 1
                < x
                < END
                > touch absolute -1
                < TOUCHED
                > get absolute
                < END
                > touch absolute 0
                < NOT_FOUND
                > touch absolute x
                < CLIENT_ERROR invalid exptime argument
                > touch absolute
                < ERROR
                > gat
                < ERROR
                > gat 0
                < END
                > gat x a
                < CLIENT_ERROR invalid exptime argument
                > set a 5 0 1
                > x
                < STORED
                > gat 100 a b
                < VALUE a 5 1
                < x
                < END
                > gats 100 a
                < VALUE a 5 1 *
                < x
                < END
                > mg a t
                < HD *
                > gat -1 a
                < VALUE a 5 1
                < x
                < END
                > get a
                < END
                """);
    }

    @Both
    void withoutUniqueNumbers(Maker maker) {
        play(maker, """
                > set a 0 0 1
                > x
                < STORED
                > gets a
                < VALUE a 0 1 0
                < x
                < END
                > cas a 0 0 1 1
                > x
                < EXISTS
                > mg a c
                < HD c0
                """, "cas_disabled", "1");
    }
}

package dev.cistern.engine.memcached;

import dev.cistern.engine.memcached.MemcachedServer.Maker;

import static org.assertj.core.api.Assertions.assertThat;

/** The meta commands with their flags, on us and on the original. */
final class MetaWireTest {

    private static void play(Maker maker, String script, String... parameters) {
        try (MemcachedServer server = maker.start(parameters); Wire wire = server.connect()) {
            wire.play(script);
        }
    }

    @Both
    void get(Maker maker) {
        play(maker, """
                > mg missing
                < EN
                > mg missing q
                > mg missing k O123 v
                < EN kmissing O123
                > set a 5 0 3
                > abc
                < STORED
                > mg a
                < HD
                > mg a v
                < VA 3
                < abc
                > mg a k f s v t h O9 q
                < VA 3 ka f5 s3 t-1 h1 O9
                < abc
                > mg a c l
                < HD * *
                > mg a T100 t
                < HD t100
                > mg a t T0
                < HD t100
                > mg a t
                < HD t-1
                > mg a v v
                < CLIENT_ERROR duplicate flag
                > mg a !
                < CLIENT_ERROR invalid flag
                > mg a Tx
                < CLIENT_ERROR bad token in command line format
                > mg a O123456789012345678901234567890123
                < CLIENT_ERROR opaque token too long
                > mg
                < ERROR
                > mg LONG v
                < CLIENT_ERROR bad command line format
                > mg a 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18
                < CLIENT_ERROR options flags are too long
                > set b 0 0 1
                > x
                < STORED
                > mg b u h
                < HD h0
                > mg b h
                < HD h0
                > mg b h
                < HD h1
                > mg b P1 L2 k
                < HD kb
                """.replace("LONG", "k".repeat(251)));
    }

    @Both
    void set(Maker maker) {
        play(maker, """
                > ms a 2
                > xx
                < HD
                > ms a 2 F7 T0 k O1
                > yy
                < HD ka O1
                > mg a f v
                < VA 2 f7
                < yy
                > ms a 2 q
                > zz
                > ms a S2
                < CLIENT_ERROR bad command line format
                > ms a
                < CLIENT_ERROR bad command line format
                > ms
                < ERROR
                > ms a -1
                < CLIENT_ERROR bad command line format
                > ms a 2 ME
                > ww
                < NS
                > ms a 2 MA k
                > ww
                < HD ka
                > ms a 1 MP
                > <
                < HD
                > ms a 1 MR
                > r
                < HD
                > ms none 1 MR q
                > r
                < NS
                > ms none 1 MA
                > r
                < NS
                > ms a 1 MS
                > s
                < HD
                > ms a 1 MX
                > s
                < CLIENT_ERROR invalid mode for ms M token
                > ms a 1 MSS
                > s
                < CLIENT_ERROR incorrect length for M token
                > ms a 1 k k
                > s
                < CLIENT_ERROR duplicate flag
                > ms a 2 q
                > abc
                < CLIENT_ERROR bad data chunk
                < ERROR
                > ms a 1 C99999999 c
                > s
                < EX c0
                > ms none 1 C99
                > s
                < NF
                > ms a 1 Cx
                > s
                < CLIENT_ERROR bad token in command line format
                > ms a 1 Fx
                > s
                < CLIENT_ERROR bad command line format
                > ms a 2000000 k q
                > DATA
                < SERVER_ERROR object too large for cache
                > mg a
                < EN
                """.replace("DATA", "d".repeat(2000000)), "max_item_size", "1048576");
    }

    @Both
    void binaryKeys(Maker maker) {
        play(maker, """
                > ms Zm9v 3 b k
                > bar
                < HD kZm9v b
                > mg foo v
                < VA 3
                < bar
                > mg foo k
                < HD kZm9v b
                > mg Zm9v b k v
                < VA 3 kZm9v b
                < bar
                > me Zm9v b
                < ME Zm9v exp=-1 la=0 * fetch=yes cls=1 size=65
                > mg Zm9vYg== b k
                < EN kZm9vYg== b
                > mg !!! b
                < CLIENT_ERROR error decoding key
                > md Zm9v b k
                < HD kZm9v b
                > ma Zm9v b N0 J5 k v
                < VA 1 kZm9v b
                < 5
                """);
    }

    @Both
    void deletion(Maker maker) {
        play(maker, """
                > md a
                < NF
                > md a q k O1
                < NF ka O1
                > ms a 1
                > x
                < HD
                > md a C99999999
                < EX
                > md a q
                > mg a
                < EN
                > md
                < ERROR
                > md a x
                < CLIENT_ERROR invalid or duplicate flag
                > md a k k
                < CLIENT_ERROR invalid or duplicate flag
                """);
    }

    @Both
    void staleness(Maker maker) {
        try (MemcachedServer server = maker.start(); Wire wire = server.connect()) {
            wire.play("""
                    > ms a 3 T100
                    > old
                    < HD
                    > md a I T30 q
                    > mg a t v
                    < VA 3 t30 X W
                    < old
                    > mg a v
                    < VA 3 Z X
                    < old
                    """);
            wire.send("mg a c\r\n");
            long unique = Long.parseLong(wire.line().split(" ")[1].substring(1));
            wire.play("""
                    > ms a 5 C%d I c
                    > stale
                    < HD *
                    > mg a v
                    < VA 5 Z X
                    < stale
                    > ms a 3 T0
                    > new
                    < HD
                    > mg a v t
                    < VA 3 t-1
                    < new
                    """.formatted(unique - 1));
        }
    }

    @Both
    void recaching(Maker maker) {
        play(maker, """
                > mg v N30 t v
                < VA 0 t30 W
                <\s
                > mg v N30 t
                < HD t30 Z
                > ms r 1 T100
                > x
                < HD
                > mg r R30
                < HD
                > mg r R200 t
                < HD t100 W
                > mg r R200
                < HD Z
                > ms p 1
                > x
                < HD
                > mg p R100
                < HD
                """);
    }

    @Both
    void arithmetic(Maker maker) {
        play(maker, """
                > ma n
                < NF
                > ma n q k O1
                < NF kn O1
                > ma n N0 J13 v
                < VA 2
                < 13
                > ma n v
                < VA 2
                < 14
                > ma n D10 v t
                < VA 2 t-1
                < 24
                > ma n MD D100 v
                < VA 1
                < 0
                > ma n MI v
                < VA 1
                < 1
                > ma n M+ D2 v
                < VA 1
                < 3
                > ma n M- v
                < VA 1
                < 2
                > ma n MX
                < CLIENT_ERROR invalid mode for ma M token
                > ma n q
                > ma n k O5 T60 t
                < HD kn O5 t60
                > ma n Dx
                < CLIENT_ERROR invalid or duplicate flag
                > ma n Jx
                < CLIENT_ERROR invalid or duplicate flag
                > ma n C99999999
                < EX
                > set s 0 0 1
                > x
                < STORED
                > ma s
                < CLIENT_ERROR cannot increment or decrement non-numeric value
                > ma m N90 J18446744073709551615 v
                < VA 20
                < 18446744073709551615
                > ma m v
                < VA 1
                < 0
                > ma
                < ERROR
                """);
    }

    @Both
    void others(Maker maker) {
        play(maker, """
                > mn
                < MN
                > mn x y
                < MN
                > me a
                < EN
                > me
                < CLIENT_ERROR bad command line format
                > set a 7 100 3
                > abc
                < STORED
                > me a
                < ME a exp=-100 la=0 * fetch=no cls=1 size=67
                > mx a
                < ERROR
                > m
                < ERROR
                """);
    }

    @Both
    void uniqueNumbersRise(Maker maker) {
        try (MemcachedServer server = maker.start(); Wire wire = server.connect()) {
            long last = 0;
            for (String command : new String[]{"ms a 1 c\r\n1", "ms a 1 c\r\n2", "ma a c", "ms a 1 MA c\r\n0",
                    "ma a N0 c"}) {
                wire.send(command + "\r\n");
                long unique = Long.parseLong(wire.line().split("c")[1]);
                assertThat(unique).isGreaterThan(last);
                last = unique;
            }
        }
    }
}

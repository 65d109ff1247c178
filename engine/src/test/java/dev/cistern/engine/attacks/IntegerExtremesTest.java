package dev.cistern.engine.attacks;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The least and the largest numbers, and those beside them, wherever a command takes one: answered as the original does. */
@DisplayName("Integer overflow")
final class IntegerExtremesTest {

    private static final List<String> NUMBERS = List.of("0", "1", "-1", "2147483646", "2147483647", "2147483648",
            "-2147483647", "-2147483648", "-2147483649", "4294967295", "4294967296", "9223372036854775806",
            "9223372036854775807", "9223372036854775808", "-9223372036854775807", "-9223372036854775808",
            "-9223372036854775809", "18446744073709551615");

    /** What there is before each request. */
    private static final List<String> DATA = List.of("SELECT 0", "FLUSHALL", "SET s hello", "SET t yellow", "SET n 10",
            "SET b abc", "RPUSH l 3 1 2 1", "SADD set a b c", "HSET h f 1 n 10", "ZADD z 1 a 2 b 3 c",
            "XADD x 1-1 f v", "XADD x 2-1 f v", "XADD x 3-1 f v", "XGROUP CREATE x g 0",
            "XREADGROUP GROUP g c COUNT 2 STREAMS x >", "GEOADD geo 1 1 a 2 2 b");

    /**
     * Requests with @ for any number, or % for one that takes neither gigabytes nor minutes when it is taken. Behind ~ those
     * whose answers are chosen at random, in no order, or by time: of them the shape is compared.
     */
    private static final List<String> REQUESTS = List.of(
            "GETRANGE s @ -1", "GETRANGE s 0 @", "SUBSTR s @ @", "SETRANGE s % x", "SETBIT b % 1", "SETBIT b 1 @",
            "GETBIT b @", "BITCOUNT s @ -1", "BITCOUNT s 0 @", "BITCOUNT s 0 @ BIT", "BITPOS s 1 @", "BITPOS s @",
            "BITPOS s 0 0 @ BIT", "BITFIELD b GET u8 @", "BITFIELD b SET u8 % 1", "BITFIELD b SET i64 0 @",
            "BITFIELD b GET u@ 0", "BITFIELD b GET i@ 0", "BITFIELD b GET u8 #%", "BITFIELD b INCRBY i64 0 @",
            "BITFIELD b OVERFLOW SAT INCRBY i8 0 @", "BITFIELD b OVERFLOW FAIL INCRBY u63 0 @",
            "BITFIELD_RO s GET i8 @", "INCRBY n @", "DECRBY n @", "HINCRBY h n @", "ZINCRBY z @ a", "ZADD z @ m",
            "ZADD z INCR @ a", "SET s x EX @", "SET s x PX @", "SET s x EXAT @", "SET s x PXAT @", "SETEX s @ x",
            "PSETEX s @ x", "GETEX s EX @", "GETEX s PX @", "GETEX s EXAT @", "GETEX s PXAT @", "EXPIRE s @",
            "PEXPIRE s @", "EXPIREAT s @", "PEXPIREAT s @", "EXPIRE s @ GT", "LRANGE l @ -1", "LRANGE l 0 @",
            "LINDEX l @", "LSET l @ x", "LTRIM l @ -1", "LTRIM l 0 @", "LREM l @ 1", "LPOP l @", "RPOP l @",
            "LPOS l 1 RANK @", "LPOS l 1 COUNT @", "LPOS l 1 MAXLEN @", "LMPOP 1 l LEFT COUNT @", "LMPOP @ l LEFT",
            "BLPOP l @", "BLMOVE l l LEFT RIGHT @", "BZPOPMIN z @", "BLMPOP @ 1 l LEFT", "~SPOP set @",
            "~SRANDMEMBER set %", "~HRANDFIELD h %", "~HRANDFIELD h % WITHVALUES", "~ZRANDMEMBER z %",
            "~ZRANDMEMBER z % WITHSCORES", "SINTERCARD 1 set LIMIT @", "SINTERCARD @ set", "~SSCAN set @",
            "~SSCAN set 0 COUNT @", "~HSCAN h 0 COUNT @", "~ZSCAN z 0 COUNT @", "~SCAN 0 COUNT @", "ZRANGE z @ -1",
            "ZRANGE z 0 @", "ZREVRANGE z @ -1", "ZRANGE z 0 10 BYSCORE LIMIT @ 1", "ZRANGE z 0 10 BYSCORE LIMIT 0 @",
            "ZRANGEBYSCORE z 0 10 LIMIT @ @", "ZREVRANGEBYSCORE z 10 0 LIMIT @ 2", "ZRANGEBYLEX z - + LIMIT 0 @",
            "ZRANGESTORE d z @ -1", "ZREMRANGEBYRANK z @ -1", "ZREMRANGEBYRANK z 0 @", "ZPOPMIN z @", "ZPOPMAX z @",
            "ZMPOP 1 z MIN COUNT @", "ZMPOP @ z MIN", "ZUNION @ z", "ZINTERCARD 1 z LIMIT @", "ZINTERSTORE d @ z",
            "XADD x MAXLEN @ 5-1 f v", "XADD x @-1 f v", "XADD x 3-@ f v", "XADD x MAXLEN ~ @ 5-1 f v",
            "XTRIM x MAXLEN @", "XTRIM x MINID @", "XTRIM x MAXLEN ~ 1 LIMIT @", "XRANGE x - + COUNT @",
            "XRANGE x @ +", "XREVRANGE x @ -", "XREAD COUNT @ STREAMS x 0", "XREAD STREAMS x @",
            "XPENDING x g - + @", "XPENDING x g IDLE @ - + 0", "XAUTOCLAIM x g c 0 0 COUNT @",
            "XAUTOCLAIM x g c @ 0", "XCLAIM x g c @ 1-1 JUSTID", "XCLAIM x g c 0 1-1 IDLE @ JUSTID",
            "XCLAIM x g c 0 1-1 TIME @ JUSTID", "XCLAIM x g c 0 1-1 RETRYCOUNT @ JUSTID", "XSETID x @",
            "XSETID x 99 ENTRIESADDED @ MAXDELETEDID 0-0", "XGROUP CREATE x g2 0 ENTRIESREAD @",
            "XGROUP SETID x g @", "XREADGROUP GROUP g c COUNT @ STREAMS x >", "XDEL x @", "~XINFO STREAM x FULL COUNT @",
            "GEOSEARCH geo FROMLONLAT 0 0 BYRADIUS 1000 km ASC COUNT @", "GEORADIUS geo 0 0 @ m ASC", "GEOADD geo @ 0 c",
            "SORT l LIMIT @ 2", "SORT l LIMIT 0 @", "LCS s t IDX MINMATCHLEN @", "COPY s s3 DB @", "MOVE s @",
            "SELECT @", "SWAPDB 0 @", "EVAL return(1) @ a", "CLIENT KILL ID @ SKIPME yes", "CLIENT UNBLOCK @",
            "CLIENT TRACKING on REDIRECT @", "WAIT @ 1", "WAIT 0 @", "~SLOWLOG GET @", "HELLO @",
            "CONFIG SET slowlog-max-len @", "CONFIG SET hash-max-listpack-entries @", "CONFIG SET timeout @",
            "OBJECT FREQ @", "RESTORE r @ x", "MEMORY USAGE s SAMPLES @", "FUNCTION LIST @", "COMMAND GETKEYS EVAL x @ a",
            "XADD y NOMKSTREAM MAXLEN @ * f v");

    private static boolean isCheap(String number) {
        int digits = number.replace("-", "").length();
        return digits < 7 || digits > 10;
    }

    @Test
    void everyCommandAnswersThemAsTheOriginalDoes() {
        Path program = TestServer.original().orElse(null);
        Assumptions.assumeTrue(program != null, "no redis-server or valkey-server is installed to compare with");
        List<String> differences = new ArrayList<>();
        try (TestServer ours = TestServer.cistern();
                TestServer original = TestServer.original(program);
                TestClient ourClient = ours.connect();
                TestClient originalClient = original.connect()) {
            for (String request : REQUESTS) {
                for (String number : NUMBERS) {
                    if (request.contains("@") || isCheap(number)) {
                        boolean shapeAlone = request.startsWith("~");
                        String line = (shapeAlone ? request.substring(1) : request).replace("@", number)
                                .replace("%", number);
                        String mine = answer(ourClient, line, shapeAlone);
                        String theirs = answer(originalClient, line, shapeAlone);
                        if (!mine.equals(theirs)) {
                            differences.add(line + ": " + mine + " and not " + theirs);
                        }
                    }
                }
            }
        }
        assertThat(differences).isEmpty();
    }

    private static String answer(TestClient client, String line, boolean shapeAlone) {
        DATA.forEach(before -> client.write(before.split(" ")));
        client.write(line.split(" "));
        client.write("HELLO", "2");
        DATA.forEach(_ -> client.read());
        WireReply reply = client.read();
        client.read();
        return shapeAlone && !(reply instanceof WireReply.ErrorLine) ? shape(reply) : reply.toString();
    }

    private static String shape(WireReply reply) {
        return reply instanceof WireReply.Array(var members)
                ? "list of " + members.size()
                : reply.getClass().getSimpleName();
    }
}

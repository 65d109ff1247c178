package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.null3;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.set;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** Sets through the wire, in each encoding. */
final class SetCommandsTest {
    private static final WireReply WRONG_TYPE = error(
            "WRONGTYPE Operation against a key holding the wrong kind of value");
    private static final WireReply MUST_BE_POSITIVE = error("ERR value is out of range, must be positive");
    private static final String LONG = "x".repeat(100);

    @WireTest
    void addAndRemove(TestClient client) {
        client.send("SADD", "s", "a", "b", "a", "").expect(integer(3));
        client.send("SADD", "s", "a", "c").expect(integer(1));
        client.send("SCARD", "s").expect(integer(4));
        client.send("SISMEMBER", "s", "").expect(integer(1));
        client.send("SISMEMBER", "s", "x").expect(integer(0));
        client.send("SMISMEMBER", "s", "a", "x", "b").expect(array(1, 0, 1));
        client.send("SMISMEMBER", "none", "a", "x").expect(array(0, 0));
        client.send("SREM", "s", "a", "x", "").expect(integer(2));
        client.send("TYPE", "s").expect(status("set"));
        client.send("SREM", "s", "b", "c").expect(integer(2));
        client.send("EXISTS", "s").expect(integer(0));
        client.send("SREM", "s", "b").expect(integer(0));
        client.send("SCARD", "s").expect(integer(0));
        client.send("SMEMBERS", "s").expect(array());
    }

    @WireTest
    void integers(TestClient client) {
        client.send("SADD", "s", "5", "-1", "3", "5").expect(integer(3));
        client.send("SMEMBERS", "s").expect(array("-1", "3", "5"));
        client.send("SADD", "s", "70000", "-9223372036854775808", "9223372036854775807").expect(integer(3));
        client.send("SMEMBERS", "s")
                .expect(array("-9223372036854775808", "-1", "3", "5", "70000", "9223372036854775807"));
        client.send("SISMEMBER", "s", "70000").expect(integer(1));
        client.send("SISMEMBER", "s", "05").expect(integer(0));
        client.send("SREM", "s", "3", "-9223372036854775808").expect(integer(2));
        client.send("OBJECT", "ENCODING", "s").expect(bulk("intset"));
        client.send("SADD", "s", "05", "x").expect(integer(2));
        assertThat(client.send("SMEMBERS", "s").texts())
                .containsExactlyInAnyOrder("-1", "5", "70000", "9223372036854775807", "05", "x");
    }

    @WireTest(settings = {"set-max-intset-entries", "4"})
    void manyIntegersAreAHashtable(TestClient client) {
        client.send("SADD", "s", "1", "2", "3", "4");
        client.send("OBJECT", "ENCODING", "s").expect(bulk("intset"));
        client.send("SADD", "s", "5");
        client.send("OBJECT", "ENCODING", "s").expect(bulk("hashtable"));
        client.send("SREM", "s", "5", "4");
        client.send("OBJECT", "ENCODING", "s").expect(bulk("hashtable"));
    }

    @WireTest(notOnOriginal = "7.0 has no packed sets of strings", settings = {"set-max-listpack-entries", "4",
            "set-max-listpack-value", "10", "set-max-intset-entries", "6"})
    void packedStrings(TestClient client) {
        client.send("SADD", "s", "a", "b", "c");
        client.send("OBJECT", "ENCODING", "s").expect(bulk("listpack"));
        client.send("SADD", "s", "d");
        client.send("OBJECT", "ENCODING", "s").expect(bulk("listpack"));
        client.send("SADD", "s", "e");
        client.send("OBJECT", "ENCODING", "s").expect(bulk("hashtable"));
        client.send("SADD", "v", "a", "01234567890");
        client.send("OBJECT", "ENCODING", "v").expect(bulk("hashtable"));
        client.send("SADD", "i", "1", "2", "3");
        client.send("SADD", "i", "a").expect(integer(1));
        client.send("OBJECT", "ENCODING", "i").expect(bulk("listpack"));
        client.send("SMEMBERS", "i").expect(array("1", "2", "3", "a"));
        client.send("SADD", "j", "1", "2", "3", "4", "5");
        client.send("SADD", "j", "a").expect(integer(1));
        client.send("OBJECT", "ENCODING", "j").expect(bulk("hashtable"));
        client.send("SADD", "many", "a", "a", "a", "a", "a");
        client.send("OBJECT", "ENCODING", "many").expect(bulk("hashtable"));
    }

    @WireTest
    void resp3(TestClient client) {
        client.send("HELLO", "3");
        client.send("SADD", "s", "1", "2");
        client.send("SADD", "t", "2", "3");
        client.send("SMEMBERS", "s").expect(set("1", "2"));
        client.send("SMEMBERS", "none").expect(set());
        client.send("SINTER", "s", "t").expect(set("2"));
        client.send("SDIFF", "s", "t").expect(set("1"));
        client.send("SINTER", "s", "none").expect(set());
        client.send("SRANDMEMBER", "none").expect(null3());
        client.send("SRANDMEMBER", "none", "2").expect(array());
        client.send("SPOP", "none").expect(null3());
        client.send("SPOP", "none", "2").expect(set());
        client.send("SPOP", "s", "0").expect(set());
        assertThat(client.send("SPOP", "s", "5").members()).containsExactlyInAnyOrder(bulk("1"), bulk("2"));
        client.send("EXISTS", "s").expect(integer(0));
        client.send("SSCAN", "t", "0").expect(array("0", array("2", "3")));
    }

    @WireTest
    void move(TestClient client) {
        client.send("SADD", "a", "1", "x");
        client.send("SMOVE", "a", "b", "x").expect(integer(1));
        client.send("SMOVE", "a", "b", "none").expect(integer(0));
        client.send("SMOVE", "a", "a", "1").expect(integer(1));
        client.send("SMOVE", "a", "a", "2").expect(integer(0));
        client.send("SMEMBERS", "b").expect(array("x"));
        client.send("SMOVE", "a", "b", "1").expect(integer(1));
        client.send("EXISTS", "a").expect(integer(0));
        client.send("SMOVE", "a", "b", "1").expect(integer(0));
        client.send("SET", "text", "v");
        client.send("SMOVE", "b", "text", "1").expect(WRONG_TYPE);
        client.send("SMOVE", "text", "b", "1").expect(WRONG_TYPE);
        client.send("SMOVE", "none", "text", "1").expect(integer(0));
    }

    @WireTest
    void combining(TestClient client) {
        client.send("SADD", "a", "1", "2", "3", "4");
        client.send("SADD", "b", "3", "4", "5", "x");
        client.send("SADD", "c", "4", "x", LONG);
        assertThat(client.send("SINTER", "a", "b").texts()).containsExactlyInAnyOrder("3", "4");
        client.send("SINTER", "a", "b", "c").expect(array("4"));
        client.send("SINTER", "a", "none").expect(array());
        assertThat(client.send("SDIFF", "a", "b", "none").texts()).containsExactlyInAnyOrder("1", "2");
        client.send("SDIFF", "a", "a").expect(array());
        client.send("SDIFF", "none", "a").expect(array());
        assertThat(client.send("SUNION", "a", "b", "c", "none").texts())
                .containsExactlyInAnyOrder("1", "2", "3", "4", "5", "x", LONG);
        client.send("SINTERCARD", "2", "a", "b").expect(integer(2));
        client.send("SINTERCARD", "2", "a", "b", "LIMIT", "1").expect(integer(1));
        client.send("SINTERCARD", "2", "a", "b", "LIMIT", "0").expect(integer(2));
        client.send("SINTERCARD", "2", "a", "none").expect(integer(0));
        client.send("SINTERCARD", "0", "a").expect(error("ERR numkeys should be greater than 0"));
        client.send("SINTERCARD", "x", "a").expect(error("ERR numkeys should be greater than 0"));
        client.send("SINTERCARD", "2", "a").expect(error("ERR Number of keys can't be greater than number of args"));
        client.send("SINTERCARD", "1", "a", "LIMIT", "-1").expect(error("ERR LIMIT can't be negative"));
        client.send("SINTERCARD", "1", "a", "LIMIT").expect(error("ERR syntax error"));
        client.send("SINTERCARD", "1", "a", "b").expect(error("ERR syntax error"));
    }

    @WireTest
    void storing(TestClient client) {
        client.send("SADD", "a", "1", "2", "3");
        client.send("SADD", "b", "2", "3", "x");
        client.send("SET", "to", "text", "EX", "100");
        client.send("SINTERSTORE", "to", "a", "b").expect(integer(2));
        client.send("SMEMBERS", "to").expect(array("2", "3"));
        client.send("TTL", "to").expect(integer(-1));
        client.send("OBJECT", "ENCODING", "to").expect(bulk("intset"));
        client.send("SUNIONSTORE", "a", "a", "b").expect(integer(4));
        assertThat(client.send("SMEMBERS", "a").texts()).containsExactlyInAnyOrder("1", "2", "3", "x");
        client.send("SDIFFSTORE", "a", "a", "b").expect(integer(1));
        client.send("SMEMBERS", "a").expect(array("1"));
        client.send("SDIFFSTORE", "to", "a", "a").expect(integer(0));
        client.send("EXISTS", "to").expect(integer(0));
        client.send("SINTERSTORE", "to", "none", "a").expect(integer(0));
        client.send("SET", "text", "v");
        client.send("SUNIONSTORE", "a", "b", "text").expect(WRONG_TYPE);
        client.send("SINTERSTORE", "a", "none", "text").expect(WRONG_TYPE);
        client.send("SMEMBERS", "a").expect(array("1"));
    }

    @WireTest
    void popping(TestClient client) {
        for (String[] members : membersOfEachEncoding()) {
            client.send("DEL", "s");
            client.send(add(members));
            Set<String> left = new HashSet<>(List.of(members));
            assertThat(left.remove(client.send("SPOP", "s").text())).isTrue();
            client.send("SPOP", "s", "3").texts().forEach(member -> assertThat(left.remove(member)).isTrue());
            assertSameMembers(client.send("SMEMBERS", "s").texts(), left);
            assertSameMembers(client.send("SPOP", "s", "100000").texts(), left);
            client.send("EXISTS", "s").expect(integer(0));
        }
        client.send("SPOP", "s").expect(nil());
        client.send("SPOP", "s", "2").expect(array());
        client.send("SPOP", "s", "-1").expect(MUST_BE_POSITIVE);
        client.send("SPOP", "s", "x").expect(MUST_BE_POSITIVE);
        client.send("SPOP", "s", "1", "2").expect(error("ERR syntax error"));
    }

    /** By hash: the assertions on collections compare each with each, which takes seconds for thousands. */
    private static void assertSameMembers(List<String> texts, Set<String> expected) {
        assertThat(texts).hasSize(expected.size());
        assertThat(expected.containsAll(texts) && new HashSet<>(texts).containsAll(expected)).isTrue();
    }

    private static List<String[]> membersOfEachEncoding() {
        List<String[]> all = new ArrayList<>();
        for (String prefix : List.of("", "m", LONG)) {
            for (int count : new int[]{10, 100, 3_000}) {
                String[] members = new String[count];
                for (int i = 0; i < count; i++) {
                    members[i] = prefix + i;
                }
                all.add(members);
            }
        }
        return all;
    }

    private static String[] add(String[] members) {
        String[] command = new String[members.length + 2];
        command[0] = "SADD";
        command[1] = "s";
        System.arraycopy(members, 0, command, 2, members.length);
        return command;
    }

    @WireTest
    void randomMembers(TestClient client) {
        client.send("SRANDMEMBER", "s").expect(nil());
        client.send("SRANDMEMBER", "s", "3").expect(array());
        client.send("SRANDMEMBER", "s", "-3").expect(array());
        for (String[] members : membersOfEachEncoding()) {
            client.send("DEL", "s");
            client.send(add(members));
            Set<String> known = Set.of(members);
            assertThat(known).contains(client.send("SRANDMEMBER", "s").text());
            for (int count : new int[]{0, 1, members.length / 2, members.length - 1, members.length, 5_000}) {
                List<String> texts = client.send("SRANDMEMBER", "s", "" + count).texts();
                assertThat(new HashSet<>(texts)).hasSize(texts.size()).hasSize(Math.min(count, members.length));
                assertThat(known.containsAll(texts)).isTrue();
            }
            assertThat(client.send("SRANDMEMBER", "s", "-200").texts()).hasSize(200).isSubsetOf(known);
        }
        client.send("SRANDMEMBER", "s", "x").expect(error("ERR value is not an integer or out of range"));
        client.send("SRANDMEMBER", "s", "1", "2").expect(error("ERR syntax error"));
    }

    @WireTest
    void everyMemberIsAboutAsLikely(TestClient client) {
        for (String prefix : List.of("", "m", LONG)) {
            client.send("DEL", "s");
            for (int i = 0; i < 20; i++) {
                client.send("SADD", "s", prefix + i);
            }
            int[] counts = new int[20];
            for (String member : client.send("SRANDMEMBER", "s", "-20000").texts()) {
                counts[Integer.parseInt(member.substring(prefix.length()))]++;
            }
            // The original's own hashtable is not quite fair: the bounds leave room for that.
            assertThat(Arrays.stream(counts)).allMatch(count -> count > 400 && count < 2_500);
        }
    }

    @WireTest
    void scanShowsEveryMember(TestClient client) {
        for (String[] members : membersOfEachEncoding()) {
            client.send("DEL", "s");
            client.send(add(members));
            Set<String> seen = new TreeSet<>();
            String cursor = "0";
            do {
                List<WireReply> page = client.send("SSCAN", "s", cursor, "COUNT", "100").members();
                cursor = page.getFirst().text();
                seen.addAll(page.getLast().texts());
            } while (!cursor.equals("0"));
            assertThat(seen).isEqualTo(new TreeSet<>(List.of(members)));
        }
        client.send("SSCAN", "none", "0").expect(array("0", array()));
        client.send("SADD", "t", "1", "12", "3");
        client.send("SSCAN", "t", "0", "MATCH", "1*").expect(array("0", array("1", "12")));
        client.send("SSCAN", "t", "0", "NOVALUES").expect(error("ERR syntax error"));
    }

    @WireTest
    void copyRenameAndWrongType(TestClient client) {
        for (String[] members : membersOfEachEncoding()) {
            client.send("FLUSHALL");
            client.send(add(members));
            client.send("COPY", "s", "c").expect(integer(1));
            client.send("SADD", "c", "another");
            client.send("SCARD", "s").expect(integer(members.length));
            client.send("RENAME", "c", "r").expect(ok());
            client.send("SCARD", "r").expect(integer(members.length + 1));
            client.send("SREM", "r", members[0]).expect(integer(1));
            client.send("GET", "r").expect(WRONG_TYPE);
            client.send("HSET", "r", "f", "v").expect(WRONG_TYPE);
        }
        client.send("SET", "t", "text");
        for (String command : List.of("SADD t a", "SREM t a", "SISMEMBER t a", "SMISMEMBER t a", "SCARD t",
                "SMEMBERS t", "SPOP t", "SPOP t 1", "SRANDMEMBER t", "SRANDMEMBER t 1", "SSCAN t 0", "SINTER t",
                "SUNION r t", "SDIFF r t", "SINTERCARD 1 t")) {
            client.send(command.split(" ")).expect(WRONG_TYPE);
        }
    }
}

package dev.cistern.engine.acl;

import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** ACL, AUTH and what users may do, through the wire. What rules mean is {@link AclMatrixTest}'s subject. */
final class AclCommandsTest {
    private static final String NOT_ALONE = "Redis 7.0 has other words for it";
    private static final String WRONG = "WRONGPASS invalid username-password pair or user is disabled.";

    private static void fresh(TestClient client, String... rules) {
        client.send("ACL", "DELUSER", "u");
        String[] request = new String[rules.length + 4];
        request[0] = "ACL";
        request[1] = "SETUSER";
        request[2] = "u";
        request[3] = "reset";
        System.arraycopy(rules, 0, request, 4, rules.length);
        client.send(request).expect(ok());
    }

    @WireTest
    void usersComeInWithTheirPasswords(TestClient admin, TestClient client) {
        fresh(admin, "on", ">one", ">two", "+@all", "~*", "&*");
        client.send("AUTH", "u", "three").expect(error(WRONG));
        client.send("ACL", "WHOAMI").expect(bulk("default"));
        client.send("AUTH", "u", "one").expect(ok());
        client.send("ACL", "WHOAMI").expect(bulk("u"));
        admin.send("ACL", "SETUSER", "u", "<one").expect(ok());
        client.send("GET", "k").expect(nil());
        client.send("AUTH", "u", "one").expect(error(WRONG));
        client.send("ACL", "WHOAMI").expect(bulk("u"));
        client.send("AUTH", "u", "two").expect(ok());
        admin.send("ACL", "SETUSER", "u", "off").expect(ok());
        client.send("GET", "k").expect(nil());
        client.send("AUTH", "u", "two").expect(error(WRONG));
        admin.send("ACL", "SETUSER", "u", "on", "nopass").expect(ok());
        client.send("HELLO", "2", "AUTH", "u", "whatever");
        client.send("ACL", "WHOAMI").expect(bulk("u"));
        client.send("RESET").expect(status("RESET"));
        client.send("ACL", "WHOAMI").expect(bulk("default"));
    }

    @WireTest
    void listIsWhatSetUserWouldTake(TestClient client) {
        fresh(client, "on", ">p", "~a", "%R~b", "&c", "+get", "(+set ~x)");
        String line = client.send("ACL", "LIST").texts().stream().filter(text -> text.startsWith("user u ")).findFirst()
                .orElseThrow();
        assertThat(line).isEqualTo("user u on sanitize-payload "
                + "#148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940 ~a %R~b resetchannels &c -@all +get "
                + "(~x resetchannels -@all +set)");
        client.send("ACL", "GETUSER", "u").expect(array("flags", array("on", "sanitize-payload"), "passwords",
                array("148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940"), "commands", "-@all +get",
                "keys", "~a %R~b", "channels", "&c", "selectors",
                array(array("commands", "-@all +set", "keys", "~x", "channels", ""))));
        client.send("ACL", "GETUSER", "nobody").expect(nil());
        assertThat(client.send("ACL", "USERS").texts()).contains("default", "u");
    }

    @WireTest(notOnOriginal = "Redis 7.0 makes up a shorter text")
    void commandRulesAreToldAsTheyWereGiven(TestClient client) {
        fresh(client, "+GET", "+@Read", "-get", "+config|get", "+config", "-client|kill", "+select|0");
        assertThat(client.send("ACL", "GETUSER", "u").members())
                .contains(bulk("-@all +@read -get +config -client|kill +select|0"));
        client.send("ACL", "SETUSER", "u", "+@all", "-flushall").expect(ok());
        assertThat(client.send("ACL", "GETUSER", "u").members()).contains(bulk("+@all -flushall"));
    }

    @WireTest
    void refusedRulesChangeNothing(TestClient client) {
        fresh(client, "on", "+get");
        List<String> before = client.send("ACL", "LIST").texts();
        for (String rule : List.of("+nope", "-nope", "+@nope", "~", "foo", "%X~a", "#abc", "<none", "+config|get|x",
                "(on)", "(+nope)")) {
            assertThat(client.send("ACL", "SETUSER", "u", "+set", "~new", rule, "off").text()).as(rule)
                    .matches(rule.equals("~") ? "OK" : "ERR Error in ACL SETUSER modifier '.*': .*");
            if (rule.equals("~")) {
                fresh(client, "on", "+get");
            }
        }
        client.send("ACL", "SETUSER", "u", "+set", "(+get").expect(
                error("ERR Unmatched parenthesis in acl selector starting at '(+get'."));
        assertThat(client.send("ACL", "LIST").texts()).isEqualTo(before);
        client.send("ACL", "SETUSER", "a b", "on").expect(
                error("ERR Usernames can't contain spaces or null characters"));
        client.send("ACL", "DELUSER", "u", "default").expect(error("ERR The 'default' user cannot be removed"));
        client.send("ACL", "DELUSER", "u", "nobody").expect(integer(1));
    }

    @WireTest(notOnOriginal = NOT_ALONE)
    void whatRulesDoNotAllowIsRefused(TestClient admin, TestClient client) {
        fresh(admin, "on", "nopass", "+get", "+mget", "+set", "%R~r*", "%W~w*", "+acl|whoami");
        client.send("AUTH", "u", "").expect(ok());
        client.send("GET", "r1").expect(nil());
        client.send("SET", "w1", "v").expect(ok());
        client.send("GET", "w1").expect(error("NOPERM No permissions to access a key"));
        client.send("SET", "r1", "v").expect(error("NOPERM No permissions to access a key"));
        client.send("SET", "w1", "v", "GET").expect(error("NOPERM No permissions to access a key"));
        client.send("MGET", "r1", "x").expect(error("NOPERM No permissions to access a key"));
        client.send("DEL", "w1").expect(error("NOPERM User u has no permissions to run the 'del' command"));
        client.send("ACL", "LIST").expect(error("NOPERM User u has no permissions to run the 'acl|list' command"));
        client.send("ACL", "NOPE").expect(error("ERR unknown subcommand 'NOPE'. Try ACL HELP."));
        admin.send("ACL", "SETUSER", "u", "+del", "~*").expect(ok());
        client.send("DEL", "w1").expect(integer(1));
        admin.send("ACL", "DRYRUN", "u", "GETDEL", "x").expect(
                bulk("User u has no permissions to run the 'getdel' command"));
    }

    @WireTest(notOnOriginal = "rules about databases came with Valkey 9.1")
    void databasesCanBeBarred(TestClient admin, TestClient client) {
        fresh(admin, "on", "nopass", "+@all", "~*", "db=0,1,1");
        assertThat(admin.send("ACL", "LIST").texts()).contains("user u on nopass sanitize-payload ~* resetchannels "
                + "db=0,1 +@all");
        client.send("AUTH", "u", "").expect(ok());
        client.send("SET", "k", "v").expect(ok());
        client.send("SELECT", "1").expect(ok());
        client.send("SELECT", "2").expect(error("NOPERM No permissions to access database"));
        client.send("COPY", "k", "l", "DB", "2").expect(error("NOPERM No permissions to access database"));
        client.send("MOVE", "k", "2").expect(error("NOPERM No permissions to access database"));
        client.send("SWAPDB", "0", "2").expect(error("NOPERM No permissions to access database"));
        client.send("FLUSHALL").expect(error("NOPERM No permissions to access database"));
        client.send("SELECT", "99").expect(error("ERR DB index is out of range"));
        admin.send("ACL", "DRYRUN", "u", "SELECT", "3").expect(bulk("User u has no permissions to access database 3"));
        admin.send("ACL", "SETUSER", "u", "resetdbs").expect(ok());
        client.send("GET", "k").expect(error("NOPERM No permissions to access database"));
        client.send("PING").expect(status("PONG"));
        admin.send("ACL", "SETUSER", "u", "db=-1").expect(error("ERR Error in ACL SETUSER modifier 'db=-1': "
                + "The provided database ID is out of range"));
        for (String rule : List.of("db=abc", "db=,0", "db=0,", "db=")) {
            admin.send("ACL", "SETUSER", "u", rule).expect(
                    error("ERR Error in ACL SETUSER modifier '" + rule + "': Syntax error"));
        }
    }

    @WireTest(notOnOriginal = NOT_ALONE)
    void transactionsAreCheckedTwice(TestClient admin, TestClient client) {
        fresh(admin, "on", "nopass", "+@all", "-del", "~a*");
        client.send("AUTH", "u", "").expect(ok());
        client.send("MULTI").expect(ok());
        client.send("SET", "a", "1").expect(status("QUEUED"));
        client.send("DEL", "a").expect(error("NOPERM User u has no permissions to run the 'del' command"));
        client.send("EXEC").expect(error("EXECABORT Transaction discarded because of previous errors."));
        assertThat(facts(admin.send("ACL", "LOG", "1").members().getFirst())).containsExactly("1", "command", "multi",
                "del", "u");
        client.send("MULTI").expect(ok());
        client.send("SET", "a1", "1").expect(status("QUEUED"));
        client.send("GET", "a1").expect(status("QUEUED"));
        admin.send("ACL", "SETUSER", "u", "-get").expect(ok());
        List<WireReply> replies = client.send("EXEC").members();
        assertThat(replies).containsExactly(ok(), error("NOPERM ACLs rules changed between the moment the transaction "
                + "was accumulated and the EXEC call. This command is no longer allowed for the following reason: "
                + "no permission to execute the command or subcommand"));
        admin.send("ACL", "SETUSER", "u", "+get", "db=1").expect(ok());
        client.send("MULTI").expect(ok());
        client.send("SELECT", "1").expect(status("QUEUED"));
        client.send("GET", "a1").expect(status("QUEUED"));
        assertThat(client.send("EXEC").members()).containsExactly(ok(), nil());
    }

    @WireTest
    void deletedUsersAreCutOff(TestClient admin, TestClient client, TestClient other) {
        fresh(admin, "on", "nopass", "+@all", "~*");
        client.send("AUTH", "u", "").expect(ok());
        other.send("AUTH", "u", "").expect(ok());
        admin.send("ACL", "DELUSER", "u").expect(integer(1));
        assertThat(client.isClosedByServer()).isTrue();
        assertThat(other.isClosedByServer()).isTrue();
        admin.send("PING").expect(status("PONG"));
    }

    @WireTest
    void whoDeletesItselfIsAnsweredFirst(TestClient admin, TestClient client) {
        fresh(admin, "on", "nopass", "+@all", "~*");
        client.send("AUTH", "u", "").expect(ok());
        client.raw("ACL DELUSER u\r\nPING\r\n");
        client.read().expect(integer(1));
        assertThat(client.isClosedByServer()).isTrue();
    }

    @WireTest
    void refusalsAreLogged(TestServer server, TestClient admin, TestClient client) {
        fresh(admin, "on", ">pw", "+get", "~a*");
        admin.send("ACL", "LOG", "RESET").expect(ok());
        admin.send("CONFIG", "RESETSTAT").expect(ok());
        client.send("AUTH", "u", "wrong");
        client.send("AUTH", "u", "pw").expect(ok());
        client.send("GET", "b");
        client.send("GET", "b");
        client.send("SET", "a", "b");
        List<WireReply> entries = admin.send("ACL", "LOG").members();
        assertThat(entries).hasSize(3);
        assertThat(facts(entries.get(0))).containsExactly("1", "command", "toplevel", "set", "u");
        assertThat(facts(entries.get(1))).containsExactly("2", "key", "toplevel", "b", "u");
        assertThat(facts(entries.get(2))).containsExactly("1", "auth", "toplevel", "AUTH", "u");
        assertThat(entries.get(0).members().get(13).text()).startsWith("id=").contains("cmd=set");
        assertThat(admin.send("ACL", "LOG", "1").members()).hasSize(1);
        admin.send("ACL", "LOG", "-5").expect(array());
        admin.send("CONFIG", "SET", "acllog-max-len", "2").expect(ok());
        client.send("GET", "c");
        assertThat(admin.send("ACL", "LOG").members()).hasSize(2);
        admin.send("CONFIG", "SET", "acllog-max-len", "128").expect(ok());
        admin.send("ACL", "LOG", "RESET").expect(ok());
        admin.send("ACL", "LOG").expect(array());
        if (server.isOurs()) {
            assertThat(admin.send("INFO", "stats").text()).contains("acl_access_denied_cmd:1\r\n",
                    "acl_access_denied_key:3\r\n", "acl_access_denied_auth:1\r\n");
        }
    }

    /** Count, reason, context, object and user. */
    private static List<String> facts(WireReply entry) {
        List<WireReply> pairs = entry.members();
        return List.of(1, 3, 5, 7, 9).stream().map(index -> pairs.get(index).text()).toList();
    }

    @WireTest(settings = {"requirepass", "secret"})
    void requirePassIsTheDefaultUsersPassword(TestServer server, TestClient client) {
        client.send("PING").expect(error("NOAUTH Authentication required."));
        client.send("AUTH", "secret").expect(ok());
        client.send("ACL", "SETUSER", "default", ">more").expect(ok());
        try (TestClient other = server.connect()) {
            other.send("AUTH", "more").expect(ok());
        }
        client.send("CONFIG", "SET", "requirepass", "changed").expect(ok());
        try (TestClient other = server.connect()) {
            other.send("AUTH", "more").expect(error(WRONG));
            other.send("PING").expect(error("NOAUTH Authentication required."));
            client.send("CONFIG", "SET", "requirepass", "").expect(ok());
            other.send("PING").expect(status("PONG"));
            other.send("AUTH", "x").expect(error("ERR AUTH <password> called without any password configured for the "
                    + "default user. Are you sure your configuration is correct?"));
        }
    }

    @WireTest
    void passwordsAndCategories(TestClient client) {
        assertThat(client.send("ACL", "GENPASS").text()).matches("[0-9a-f]{64}");
        assertThat(client.send("ACL", "GENPASS", "5").text()).matches("[0-9a-f]{2}");
        for (String bits : List.of("0", "-1", "4097")) {
            client.send("ACL", "GENPASS", bits).expect(error("ERR ACL GENPASS argument must be the number of bits for "
                    + "the output password, a positive number up to 4096"));
        }
        client.send("ACL", "CAT")
                .expect(array("keyspace", "read", "write", "set", "sortedset", "list", "hash", "string",
                        "bitmap", "hyperloglog", "geo", "stream", "pubsub", "admin", "fast", "slow", "blocking",
                        "dangerous",
                        "connection", "transaction", "scripting"));
        assertThat(client.send("ACL", "CAT", "Bitmap").texts()).containsExactlyInAnyOrder("bitcount", "bitfield",
                "bitfield_ro", "bitop", "bitpos", "getbit", "setbit");
        client.send("ACL", "CAT", "nope").expect(error("ERR Unknown category 'nope'"));
        client.send("ACL", "CAT", "a", "b").expect(
                error("ERR unknown subcommand or wrong number of arguments for 'CAT'. Try ACL HELP."));
    }

    @WireTest
    void dryRunKnowsItsArguments(TestClient client) {
        client.send("ACL", "DRYRUN", "nobody", "get", "a").expect(error("ERR User 'nobody' not found"));
        client.send("ACL", "DRYRUN", "default", "nope").expect(error("ERR Command 'nope' not found"));
        client.send("ACL", "DRYRUN", "default", "client", "nope").expect(error("ERR Command 'client' not found"));
        client.send("ACL", "DRYRUN", "default", "get").expect(
                error("ERR wrong number of arguments for 'get' command"));
        client.send("ACL", "DRYRUN", "default", "get", "a").expect(ok());
    }

    @WireTest
    void killingByUserEndsItsSessions(TestClient admin, TestClient client) {
        fresh(admin, "on", "nopass", "+@all", "~*");
        client.send("AUTH", "u", "").expect(ok());
        assertThat(admin.send("CLIENT", "LIST").text()).contains(" user=u ");
        admin.send("CLIENT", "KILL", "USER", "u").expect(integer(1));
        assertThat(client.isClosedByServer()).isTrue();
    }

    @WireTest(settings = {"acl-pubsub-default", "allchannels"})
    void channelsMayBeOpenToNewUsers(TestClient client) {
        fresh(client);
        assertThat(client.send("ACL", "LIST").texts()).anyMatch(line -> line.startsWith("user u off")
                && line.contains("&*"));
        client.send("CONFIG", "SET", "acl-pubsub-default", "resetchannels").expect(ok());
        fresh(client);
        assertThat(client.send("ACL", "LIST").texts()).anyMatch(line -> line.startsWith("user u off")
                && line.contains("resetchannels"));
    }

    // --- the file ---

    @WireTest(notOnOriginal = "Redis 7.0 calls itself by name in it")
    void withoutAFileNothingIsSaved(TestClient client) {
        for (String command : List.of("LOAD", "SAVE")) {
            assertThat(client.send("ACL", command).text()).startsWith(
                    "ERR This instance is not configured to use an ACL file.");
        }
    }

    @Test
    void usersOutliveTheNodeInAFileThatIsTheOwnersAlone(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("users.acl");
        Files.writeString(file, "user default on nopass ~* &* +@all\n\nuser alice on >pw ~a* +get ( +set ~b )\n");
        try (TestServer server = TestServer.cistern("aclfile", file.toString());
                TestClient client = server.connect();
                TestClient alice = server.connect()) {
            alice.send("AUTH", "alice", "pw").expect(ok());
            client.send("ACL", "SETUSER", "bob", "on", "nopass").expect(ok());
            client.send("ACL", "SAVE").expect(ok());
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
            assertThat(Files.readString(file)).contains("user bob on nopass").doesNotContain(">pw");
            try (var files = Files.list(directory)) {
                assertThat(files).hasSize(1);
            }
            client.send("ACL", "DELUSER", "bob").expect(integer(1));
            client.send("ACL", "LOAD").expect(ok());
            assertThat(client.send("ACL", "USERS").texts()).containsExactly("alice", "bob", "default");
            alice.send("GET", "a").expect(nil());
            Files.writeString(file, "user alice on +nope\nuser alice on\nusr x\nuser bob on (+get\n");
            client.send("ACL", "LOAD").expect(error("ERR " + file + ":1: Error in applying operation '+nope': Unknown "
                    + "command or category name in ACL. WARNING: Duplicate user 'alice' found on line 2. " + file
                    + ":3 should start with user keyword followed by the username. " + file
                    + ":4: Unmatched parenthesis in selector definition.WARNING: ACL errors detected, no change to the "
                    + "previously active ACL rules was performed"));
            Files.writeString(file, "user carol on nopass\n");
            client.send("ACL", "LOAD").expect(ok());
            assertThat(alice.isClosedByServer()).isTrue();
            assertThat(client.send("ACL", "USERS").texts()).containsExactly("carol", "default");
        }
    }

    @Test
    void aFileWithErrorsKeepsTheNodeFromStarting(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("users.acl");
        Files.writeString(file, "user default on nopass +nope\n");
        assertThatThrownBy(() -> TestServer.cistern("aclfile", file.toString()))
                .hasMessageContaining("Unknown command or category name in ACL");
    }

    @Test
    void theControlPlanesUserIsInNoListAndNoLog() {
        try (TestServer server = TestServer.cistern(NodeOptions.onPort("n", 0).withInternalUser("inner", "hidden"));
                TestClient inner = server.connect();
                TestClient customer = server.connect()) {
            inner.send("AUTH", "inner", "wrong").expect(error(WRONG));
            inner.send("AUTH", "inner", "hidden").expect(ok());
            inner.send("ACL", "SETUSER", "default", "-debug", "-config").expect(ok());
            customer.send("CONFIG", "GET", "port").expect(
                    error("NOPERM User default has no permissions to run the 'config|get' command"));
            assertThat(inner.send("CONFIG", "GET", "port").members()).hasSize(2);
            assertThat(customer.send("ACL", "USERS").texts()).containsExactly("default");
            assertThat(customer.send("ACL", "LIST").texts()).hasSize(1);
            assertThat(customer.send("ACL", "LOG").toString()).doesNotContain("inner");
            customer.send("ACL", "GETUSER", "inner").expect(nil());
            customer.send("ACL", "SETUSER", "inner", "on", ">mine", "+ping").expect(ok());
            inner.send("AUTH", "inner", "hidden").expect(ok());
            assertThat(inner.send("CONFIG", "GET", "port").members()).hasSize(2);
            customer.send("AUTH", "inner", "mine").expect(ok());
            customer.send("PING").expect(status("PONG"));
            customer.send("GET", "a").expect(error("NOPERM User inner has no permissions to run the 'get' command"));
        }
    }

    @DisplayName("Pub/Sub channel ACL, sharded channels, keyspace events")
    @WireTest(notOnOriginal = NOT_ALONE)
    void whoListensToWhatIsNotAllowedAnyMoreIsCutOff(TestClient admin, TestClient client) {
        fresh(admin, "on", "nopass", "+@all", "&a*", "&b");
        client.send("AUTH", "u", "").expect(ok());
        client.send("SUBSCRIBE", "a1");
        admin.send("ACL", "SETUSER", "u", "resetchannels", "&a*").expect(ok());
        admin.send("PUBLISH", "a1", "x").expect(integer(1));
        client.read();
        admin.send("ACL", "SETUSER", "u", "resetchannels", "&b").expect(ok());
        assertThat(client.isClosedByServer()).isTrue();
    }

    @WireTest(notOnOriginal = NOT_ALONE)
    void whoWaitsIsAskedAgainWhenItIsServed(TestClient admin, TestClient client) {
        fresh(admin, "on", "nopass", "+blpop", "~l");
        client.send("AUTH", "u", "").expect(ok());
        client.write("BLPOP", "l", "0");
        while (!admin.send("INFO", "clients").text().contains("blocked_clients:1\r")) {
            Thread.onSpinWait();
        }
        admin.send("ACL", "SETUSER", "u", "resetkeys", "~other").expect(ok());
        admin.send("RPUSH", "l", "x");
        client.read().expect(error("NOPERM No permissions to access a key"));
        admin.send("LLEN", "l").expect(integer(1));
    }
}

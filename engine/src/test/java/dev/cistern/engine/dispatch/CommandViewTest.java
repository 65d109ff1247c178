package dev.cistern.engine.dispatch;

import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/** Commands that customers do not see: unknown to them in every way, while the internal user has them. */
final class CommandViewTest {

    private static TestServer server(CommandView view) {
        return TestServer.cistern(NodeOptions.onPort("n", 0).withInternalUser("inner", "pw").withCustomerView(view));
    }

    @Test
    void whatIsHiddenIsAnsweredLikeACommandThatIsNot() {
        try (TestServer server = server(CommandView.ELASTICACHE); TestClient client = server.connect()) {
            for (String name : List.of("CONFIG", "config", "DEBUG", "Shutdown", "nothing")) {
                client.send(name, "GET", "a").expect(
                        error("ERR unknown command '" + name + "', with args beginning with: 'GET' 'a' "));
            }
            client.send("ACL", "SETUSER", "x").expect(error("ERR unknown subcommand 'SETUSER'. Try ACL HELP."));
            client.send("ACL", "WHOAMI").expect(bulk("default"));
            client.send("MULTI").expect(ok());
            client.send("CONFIG", "GET", "a").expect(
                    error("ERR unknown command 'CONFIG', with args beginning with: 'GET' 'a' "));
            client.send("EXEC").expect(error("EXECABORT Transaction discarded because of previous errors."));
            client.send("ACL", "DRYRUN", "default", "config", "get", "a").expect(
                    error("ERR Command 'config' not found"));
        }
    }

    @Test
    void noListingHasIt() {
        try (TestServer server = server(CommandView.ELASTICACHE);
                TestClient client = server.connect();
                TestClient inner = server.connect()) {
            inner.send("AUTH", "inner", "pw").expect(ok());
            long hidden = inner.send("COMMAND", "COUNT").number() - client.send("COMMAND", "COUNT").number();
            assertThat(hidden).isGreaterThanOrEqualTo(3);
            assertThat(names(client.send("COMMAND"))).doesNotContain("config", "debug", "shutdown", "acl|setuser")
                    .contains("acl", "acl|whoami", "get").doesNotHaveDuplicates();
            assertThat(names(inner.send("COMMAND"))).contains("config", "debug", "shutdown", "acl|setuser");
            client.send("COMMAND", "INFO", "config", "acl|setuser").expect(array(nil(), nil()));
            client.send("COMMAND", "DOCS", "config").expect(array());
            assertThat(client.send("COMMAND", "DOCS", "acl").toString()).contains("acl|whoami")
                    .doesNotContain("acl|setuser");
            assertThat(client.send("COMMAND", "LIST").texts()).contains("acl").doesNotContain("config");
            assertThat(client.send("COMMAND", "LIST", "FILTERBY", "PATTERN", "acl*").texts()).contains("acl|whoami")
                    .doesNotContain("acl|setuser");
            assertThat(client.send("ACL", "CAT", "dangerous").texts()).doesNotContain("config|get", "acl|setuser");
            client.send("COMMAND", "GETKEYS", "DEBUG", "OBJECT", "a").expect(error("ERR Invalid command specified"));
        }
    }

    private static List<String> names(WireReply commands) {
        List<String> names = new ArrayList<>();
        for (WireReply command : commands.members()) {
            names.add(command.members().getFirst().text());
            names.addAll(names(command.members().get(9)));
        }
        return names;
    }

    @Test
    void theInternalUserHasItAndLosesItWithItsRights() {
        try (TestServer server = server(CommandView.ELASTICACHE); TestClient client = server.connect()) {
            for (String line : List.of("AUTH inner pw", "CONFIG GET port", "ACL SETUSER someone on nopass +@all ~*",
                    "AUTH someone x", "CONFIG GET port")) {
                client.raw(line + "\r\n");
            }
            client.read().expect(ok());
            assertThat(client.read().members()).hasSize(2);
            client.read().expect(ok());
            client.read().expect(ok());
            client.read().expect(error("ERR unknown command 'CONFIG', with args beginning with: 'GET' 'port' "));
            client.send("AUTH", "inner", "pw").expect(ok());
            client.send("RESET");
            client.send("CONFIG", "GET", "a").expect(
                    error("ERR unknown command 'CONFIG', with args beginning with: 'GET' 'a' "));
        }
    }

    @Test
    void commandsMayHaveOtherNames() {
        CommandView view = new CommandView(Set.of("type"), Map.of()).renaming("FLUSHALL wipe  keys blocked");
        try (TestServer server = server(view);
                TestClient client = server.connect();
                TestClient inner = server.connect()) {
            client.send("WIPE").expect(ok());
            client.send("FLUSHALL").expect(error("ERR unknown command 'FLUSHALL', with args beginning with: "));
            client.send("KEYS", "*").expect(error("ERR unknown command 'KEYS', with args beginning with: '*' "));
            client.send("TYPE", "a").expect(error("ERR unknown command 'TYPE', with args beginning with: 'a' "));
            inner.send("AUTH", "inner", "pw").expect(ok());
            inner.send("FLUSHALL").expect(ok());
            inner.send("KEYS", "*").expect(array());
        }
        assertThat(CommandView.EVERYTHING.renaming(" ")).isEqualTo(CommandView.EVERYTHING);
        assertThatIllegalArgumentException().isThrownBy(() -> view.renaming("get"))
                .withMessageContaining("'get' has no new name");
        assertThatIllegalArgumentException().isThrownBy(() -> view.renaming("get a set a"))
                .withMessageContaining("two commands of one name");
    }
}

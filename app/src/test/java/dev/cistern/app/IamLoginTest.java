package dev.cistern.app;

import dev.cistern.app.process.ProcessRuntime;
import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.gateway.GatewayOptions;
import dev.cistern.gateway.sign.AccessKey;
import dev.cistern.gateway.sign.KeyFile;
import dev.cistern.gateway.sign.Role;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.InputAuthenticationType;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Users who log in with tokens that AWS's own SDKs sign, in nodes of this JVM and in processes of their own. */
@SuppressWarnings("NullAway.Init") // each test starts with start()
final class IamLoginTest {

    private static final String GROUP = "shop";

    @TempDir
    private Path state;

    private LocalCistern cistern;
    private ElastiCacheClient client;
    private KeyFile keys;

    private void start(RuntimeChoice runtime) throws IOException {
        cistern = LocalCistern.start(
                ControlPlaneOptions.of(state, runtime.start()).withEndpoints(Probe.endpoints()),
                GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0));
        client = Probe.sdk(cistern.url());
        keys = new KeyFile(state.resolve(AccessOptions.KEYS_FILE));
    }

    @AfterEach
    void end() throws IOException {
        client.close();
        cistern.close();
        ProcessRuntime.endAll(state.resolve("nodes"));
    }

    private Endpoint makeGroup() {
        for (String name : new String[]{"ann", "bob"}) {
            client.createUser(
                    r -> r.userId(name).userName(name).engine("valkey").accessString("on ~" + name + ":* +@all")
                            .authenticationMode(m -> m.type(InputAuthenticationType.IAM)));
        }
        client.createUserGroup(r -> r.userGroupId("team").engine("valkey").userIds("ann", "bob"));
        Probe.await(() -> client.describeUserGroups(r -> r.userGroupId("team")).userGroups().getFirst().status()
                .equals("active"));
        client.createReplicationGroup(r -> r.replicationGroupId(GROUP).replicationGroupDescription("d")
                .engine("valkey").cacheNodeType("cache.t4g.micro").transitEncryptionEnabled(true)
                .userGroupIds("team"));
        return Probe.awaitAvailable(client, GROUP);
    }

    private AccessKey key(String name, Role role) throws IOException {
        return keys.create(name, role, null, new SecureRandom());
    }

    /** What a token says and how it is signed, each of which may be wrong. */
    record Wish(String host, String user, String region, Duration life, Duration age, String more) {

        static final Wish RIGHT = new Wish(GROUP, "ann", "us-east-1", Duration.ofMinutes(15), Duration.ZERO, "");

        /** As users are told to do it: AWS's signer, and then the address without its scheme. */
        String token(AccessKey key) {
            SdkHttpRequest.Builder request = SdkHttpRequest.builder().method(SdkHttpMethod.GET)
                    .uri(URI.create("http://" + host + "/")).putRawQueryParameter("Action", "connect")
                    .putRawQueryParameter("User", user);
            if (!more.isEmpty()) {
                request.putRawQueryParameter("ResourceType", more);
            }
            return AwsV4HttpSigner.create().sign(b -> b.request(request.build())
                    .identity(AwsCredentialsIdentity.create(key.id(), key.secret()))
                    .putProperty(AwsV4FamilyHttpSigner.SERVICE_SIGNING_NAME, "elasticache")
                    .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                    .putProperty(AwsV4FamilyHttpSigner.AUTH_LOCATION,
                            AwsV4FamilyHttpSigner.AuthLocation.QUERY_STRING)
                    .putProperty(AwsV4FamilyHttpSigner.EXPIRATION_DURATION, life)
                    .putProperty(HttpSigner.SIGNING_CLOCK, Clock.offset(Clock.systemUTC(), age.negated())))
                    .request().getUri().toString().substring("http://".length());
        }
    }

    @ParameterizedTest
    @EnumSource(value = RuntimeChoice.class, names = {"JVM", "PROCESS"})
    void aTokenOfTheSdkLetsItsUserInAndNoOtherDoes(RuntimeChoice runtime) throws IOException {
        start(runtime);
        AccessKey app = key("app", Role.CLIENT);
        AccessKey viewer = key("viewer", Role.VIEWER);
        Endpoint endpoint = makeGroup();
        try (Jedis jedis = Probe.secure(endpoint, state)) {
            String good = Wish.RIGHT.token(app);
            assertThat(jedis.auth("ann", good)).isEqualTo("OK");
            assertThat(jedis.set("ann:1", "x")).isEqualTo("OK");
            assertThatThrownBy(() -> jedis.set("bob:1", "x")).hasMessageContaining("NOPERM");
            Map<String, String> wrong = wrongTokens(app, viewer, good);
            wrong.forEach((why, token) -> assertThatThrownBy(() -> jedis.auth("ann", token)).as(why)
                    .hasMessageContaining("WRONGPASS"));
            assertThatThrownBy(() -> jedis.auth("bob", good)).hasMessageContaining("WRONGPASS");
            assertThat(jedis.auth("bob", new Wish(GROUP, "bob", "us-east-1", Duration.ofSeconds(60), Duration.ZERO, "")
                    .token(app))).isEqualTo("OK");
            assertThat(jedis.info("stats")).contains("iam_authentications:2\r\n",
                    "iam_authentication_failures:" + (wrong.size() + 1) + "\r\n");
            // A key that is deleted is good for nothing a moment later, and a new one is good for something.
            keys.delete("app");
            AccessKey next = key("next", Role.ADMIN);
            Probe.await(() -> !letsIn(endpoint, Wish.RIGHT.token(app)) && letsIn(endpoint, Wish.RIGHT.token(next)));
            assertThat(jedis.get("bob:1")).as("whoever is in stays in").isNull();
        }
    }

    private static Map<String, String> wrongTokens(AccessKey app, AccessKey viewer, String good) {
        Duration life = Duration.ofMinutes(15);
        Map<String, String> wrong = new LinkedHashMap<>();
        wrong.put("expired", new Wish(GROUP, "ann", "us-east-1", life, Duration.ofMinutes(16), "").token(app));
        wrong.put("from the future", new Wish(GROUP, "ann", "us-east-1", life, Duration.ofMinutes(-9), "").token(app));
        wrong.put("good for too long",
                new Wish(GROUP, "ann", "us-east-1", Duration.ofMinutes(16), Duration.ZERO, "").token(app));
        wrong.put("another's", new Wish(GROUP, "bob", "us-east-1", life, Duration.ZERO, "").token(app));
        wrong.put("for another group", new Wish("shop2", "ann", "us-east-1", life, Duration.ZERO, "").token(app));
        wrong.put("for another region", new Wish(GROUP, "ann", "eu-west-1", life, Duration.ZERO, "").token(app));
        wrong.put("for another kind", new Wish(GROUP, "ann", "us-east-1", life, Duration.ZERO, "ServerlessCache")
                .token(app));
        wrong.put("of a key that may not", Wish.RIGHT.token(viewer));
        wrong.put("of a key that is none", Wish.RIGHT.token(new AccessKey("x", "CSTNNONE", app.secret(), null,
                Role.ADMIN)));
        wrong.put("with another secret", Wish.RIGHT.token(new AccessKey("x", app.id(), "guessed", null, Role.ADMIN)));
        char last = good.charAt(good.length() - 1);
        wrong.put("with a bent signature", good.substring(0, good.length() - 1) + (last == '0' ? '1' : '0'));
        wrong.put("with a word more", good + "&X=1");
        wrong.put("with a word twice", good.replace("User=ann", "User=ann&User=ann"));
        wrong.put("with its life made longer", good.replace("X-Amz-Expires=900", "X-Amz-Expires=899"));
        wrong.put("no token", "correct-horse-battery");
        wrong.put("nothing", "");
        return wrong;
    }

    private boolean letsIn(Endpoint endpoint, String token) {
        try (Jedis jedis = Probe.secure(endpoint, state)) {
            return jedis.auth("ann", token).equals("OK");
        } catch (JedisException refused) {
            return false;
        }
    }

    /** What AWS's pages show to Python's users: botocore's signer, and redis-py. */
    @Test
    void botocoreAndRedisPyLogIn() throws Exception {
        start(RuntimeChoice.JVM);
        assumeTrue(Programs.works("python3", "-c", "import botocore, redis"), "botocore or redis-py is not installed");
        AccessKey app = key("app", Role.CLIENT);
        Endpoint endpoint = makeGroup();
        Path script = state.resolve("login.py");
        Files.writeString(script, """
                import redis, sys
                from botocore.credentials import Credentials
                from botocore.hooks import HierarchicalEmitter
                from botocore.model import ServiceId
                from botocore.signers import RequestSigner
                key, secret, port, authority = sys.argv[1:]
                hooks = HierarchicalEmitter()
                signer = RequestSigner(ServiceId("elasticache"), "us-east-1", "elasticache", "v4",
                                       Credentials(key, secret), hooks)
                def token():
                    request = {"method": "GET", "url": "https://shop/?Action=connect&User=ann", "body": {},
                               "headers": {}, "context": {}}
                    return signer.generate_presigned_url(request, "connect", 900, "us-east-1").removeprefix("https://")
                class Tokens:
                    def get_credentials(self):
                        return "ann", token()
                # Before 4.5 redis-py knows no providers, and before 5 no RESP3.
                logins = [{"username": "ann", "password": token()}]
                if hasattr(redis, "CredentialProvider"):
                    Provider = type("Provider", (Tokens, redis.CredentialProvider), {})
                    logins += [{"credential_provider": Provider()}, {"credential_provider": Provider(), "protocol": 3}]
                for login in logins:
                    client = redis.Redis("127.0.0.1", int(port), ssl=True, ssl_ca_certs=authority, **login)
                    print(client.set("ann:p", "v"), client.acl_whoami())
                """);
        assertThat(Programs.run("python3", script.toString(), app.id(), app.secret(),
                Integer.toString(endpoint.port()), cistern.controlPlane().authorityFile().toString()).lines())
                .isNotEmpty().allMatch(line -> line.startsWith("True") && line.contains("ann"));
    }
}

package dev.cistern.engine.testing;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;
import org.opentest4j.TestAbortedException;

/** Runs a {@link WireTest} on each server; servers without settings of their own live as long as the test class. */
final class WireTestExtension implements TestTemplateInvocationContextProvider {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace
            .create(WireTestExtension.class);

    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return true;
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(ExtensionContext context) {
        return Stream.of(new Invocation("Cistern"), new Invocation("original"));
    }

    private record Invocation(String serverName) implements TestTemplateInvocationContext {
        @Override
        public String getDisplayName(int index) {
            return "on " + serverName;
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            return List.of(new OneRun(serverName.equals("Cistern")));
        }
    }

    /** One run of one test on one server. */
    private static final class OneRun implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
        private final boolean ours;
        private final List<TestClient> clients = new ArrayList<>();

        OneRun(boolean ours) {
            this.ours = ours;
        }

        @Override
        public void beforeEach(ExtensionContext context) {
            WireTest test = annotation(context);
            if (!ours && !test.notOnOriginal().isEmpty()) {
                throw new TestAbortedException("not on the original: " + test.notOnOriginal());
            }
            if (!ours && TestServer.original().isEmpty()) {
                throw new TestAbortedException("no redis-server or valkey-server is installed to compare with");
            }
            if (isShared(test)) {
                try (TestClient client = server(context).connect()) {
                    client.send("FLUSHALL");
                    if (List.of(test.settings()).contains("cluster-enabled")) {
                        client.send("CLUSTER", "RESET", "HARD");
                    }
                }
            }
        }

        private static boolean isShared(WireTest test) {
            return test.settings().length == 0 || test.shared();
        }

        private static WireTest annotation(ExtensionContext context) {
            return context.getRequiredTestMethod().getAnnotation(WireTest.class);
        }

        private TestServer server(ExtensionContext context) {
            String[] settings = annotation(context).settings();
            ExtensionContext owner = isShared(annotation(context))
                    ? context.getParent().orElseThrow().getParent().orElseThrow()
                    : context;
            String key = ours + " " + String.join(" ", settings);
            return owner.getStore(NAMESPACE).computeIfAbsent(key, _ -> start(settings), TestServer.class);
        }

        private TestServer start(String[] settings) {
            Optional<Path> original = TestServer.original();
            return ours ? TestServer.cistern(settings) : TestServer.original(original.orElseThrow(), settings);
        }

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            Class<?> type = parameter.getParameter().getType();
            return type == TestClient.class || type == TestServer.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            TestServer server = server(context);
            if (parameter.getParameter().getType() == TestServer.class) {
                return server;
            }
            TestClient client = server.connect();
            clients.add(client);
            return client;
        }

        @Override
        public void afterEach(ExtensionContext context) {
            clients.forEach(TestClient::close);
        }
    }
}

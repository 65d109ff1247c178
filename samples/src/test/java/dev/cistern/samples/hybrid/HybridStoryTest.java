package dev.cistern.samples.hybrid;

import dev.cistern.samples.Browser;
import dev.cistern.samples.lab.Lab;
import dev.cistern.samples.web.Tokens;
import dev.cistern.samples.web.WebServer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The whole story in a browser: connect, load, ask twice, move the database away, stop it, send a crowd. Pictures of it
 * lie in {@code target/pictures} afterwards.
 */
final class HybridStoryTest {

    private static final String PASSWORD = "heron-plum-sage";

    @Test
    void theWholeStory() throws Exception {
        Tokens tokens = new Tokens();
        try (DemoNode node = DemoNode.start("4f1d3c9a");
                HybridDemo demo = HybridDemo.withDatabase(node, PASSWORD, "owner", 5_000, tokens);
                Lab lab = new Lab(node);
                WebServer server = WebServer.on(0, tokens)) {
            demo.serve(server);
            lab.serve(server);
            server.start();
            node.commands().set("somebody-elses", "stays");
            String portAlone = server.url().substring(0, server.url().indexOf('#'));
            try (Browser stranger = Browser.open(portAlone, 1280, 1000)) {
                new Story(stranger, "", "hybrid").withoutTheKey();
            }
            try (Browser browser = Browser.open(server.url(), 1280, 1000)) {
                Story story = new Story(browser, PASSWORD, "hybrid");
                story.connect();
                story.passwordIsNotKept();
                story.loadSample(5_000);
                story.askTwice();
                story.refusals();
                story.farther();
                story.stopTheDatabase();
                story.clear();
                story.crowd();
                story.onATelephone();
                // The browser itself tells of the wrong password.
                assertThat(browser.complaints()).filteredOn(complaint -> !complaint.contains("/api/connect")).isEmpty();
            }
            assertThat(node.commands().get("somebody-elses")).isEqualTo("stays");
        }
    }
}

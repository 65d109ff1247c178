package dev.cistern.samples.lab;

import dev.cistern.samples.Browser;
import dev.cistern.samples.hybrid.DemoNode;
import dev.cistern.samples.web.Tokens;
import dev.cistern.samples.web.WebServer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Every experiment's button in a browser, and two windows that chat. The pictures lie in {@code target/pictures}. */
final class LabStoryTest {

    private static final Path PICTURES = Path.of("target", "pictures");

    @Test
    void everyExperimentDrawsWhatHappened() throws Exception {
        Tokens tokens = new Tokens();
        try (DemoNode node = DemoNode.start("5e6f7a8b");
                Lab lab = new Lab(node);
                WebServer server = WebServer.on(0, tokens)) {
            server.firstCall("start", Map.class, _ -> Map.of("url", "jdbc:none", "user", "", "rows", 1, "mostRows", 1,
                    "nodePort", node.port()));
            lab.serve(server);
            server.start();
            try (Browser browser = Browser.open(server.url(), 1280, 1000);
                    Browser other = Browser.open(server.url(), 390, 844)) {
                enter(browser, tokens.give());
                enter(other, tokens.give());
                press(browser);
                chat(browser, other);
                browser.picture(PICTURES.resolve("lab-light.png"));
                browser.click("#theme");
                browser.picture(PICTURES.resolve("lab-dark.png"));
                assertThat(browser.sticksOut()).isEmpty();
                assertThat(other.sticksOut()).isEmpty();
                other.evaluate("scrollTo(0, 0)");
                other.picture(PICTURES.resolve("lab-phone.png"));
                assertThat(browser.complaints()).isEmpty();
                assertThat(other.complaints()).isEmpty();
            }
        }
    }

    private static void enter(Browser browser, String token) throws Exception {
        browser.await("document.querySelector('[name=url]').value === 'jdbc:none'");
        browser.evaluate("import('./server.js').then(server => server.hold('" + token + "'))");
        browser.evaluate("location.hash = '#lab'");
        browser.await("document.querySelectorAll('.experiment').length === 10");
        // Both windows play with the same dolls: the one's first look must not come between the other's touch and look.
        browser.await("document.querySelectorAll('#doll rect').length === 7");
    }

    private static void press(Browser browser) throws Exception {
        for (String name : new String[]{"ring", "herd", "expiry", "write", "queue", "session"}) {
            browser.click("#" + name + " button.main");
        }
        browser.click("#doll .actions button");
        browser.await("document.querySelector('#doll .said').textContent.startsWith('3 of 7')");
        browser.await("document.querySelector('#ring .said').textContent.includes('From 9 nodes to 10')");
        browser.await("document.querySelector('#herd .said').textContent.includes('1 with single flight')");
        browser.await("document.querySelector('#expiry .said').textContent.startsWith('Without jitter')");
        browser.await("document.querySelector('#write .said').textContent.includes('write-through: 0 old answers')");
        browser.await("document.querySelector('#leaderboard .said').textContent === \"Barry's rank is 1.\"");
        browser.await("document.querySelectorAll('#likes tbody tr').length === 3");
        browser.await("document.querySelector('#session .said').textContent.includes('the cache all 4')");
        browser.await("document.querySelector('#queue .said').textContent.includes('has done item 6')");
    }

    private static void chat(Browser one, Browser other) throws Exception {
        one.await("document.querySelector('.talk').dataset.live === 'yes'");
        other.await("document.querySelector('.talk').dataset.live === 'yes'");
        one.type("#chat .actions input", "Ann");
        one.type("#chat .actions input:nth-of-type(2)", "Hello all");
        one.click("#chat button.main");
        other.await("document.querySelector('.talk').textContent.includes('Ann Hello all')");
        one.await("document.querySelector('#chat .said').textContent.startsWith('2 listeners')");
        other.evaluate("document.querySelector('#chat').scrollIntoView()");
    }
}

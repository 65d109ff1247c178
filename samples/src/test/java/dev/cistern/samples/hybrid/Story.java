package dev.cistern.samples.hybrid;

import dev.cistern.samples.Browser;
import java.nio.file.Path;
import java.util.Locale;

import static org.assertj.core.api.Assertions.assertThat;

/** What a user does with the hybrid demo's page, step by step; the same for every database. */
final class Story {

    private static final Path PICTURES = Path.of("target", "pictures");

    private final Browser browser;
    private final String password;
    private final String name;

    Story(Browser browser, String password, String name) {
        this.browser = browser;
        this.password = password;
        this.name = name;
    }

    private void picture(String moment) throws Exception {
        browser.picture(PICTURES.resolve(name + "-" + moment + ".png"));
    }

    void connect() throws Exception {
        browser.await("document.querySelector('[name=url]').value.startsWith('jdbc:')");
        picture("1-start");
        browser.type("[name=password]", "wrong");
        browser.click("#connect button");
        browser.await("document.querySelector('#connected').className.includes('bad')");
        browser.type("[name=password]", password);
        browser.click("#connect button");
        browser.await("document.querySelector('#connected').className.includes('good')");
        browser.await("!document.querySelector('#sample').closest('.card').inert");
    }

    /** The password is in no field, cookie or storage, and a page that is opened again knows nothing of it. */
    void passwordIsNotKept() throws Exception {
        assertThat(browser.evaluate("document.querySelector('[name=password]').value").asString()).isEmpty();
        browser.evaluate("location.reload()");
        browser.await("document.querySelector('#connected').textContent === ''"
                + " && document.querySelector('[name=url]').value.startsWith('jdbc:')");
        // Only the key from the terminal's address is kept, by the tab, so that this very reload could work.
        assertThat(browser.evaluate("document.querySelector('[name=password]').value + document.cookie"
                + " + JSON.stringify(localStorage) + Object.keys(sessionStorage)").asString()).isEqualTo("{}start");
        assertThat(browser.evaluate("location.href").asString()).doesNotContain("start");
        assertThat(browser.evaluate("document.querySelector('#sample').closest('.card').inert").asBoolean()).isTrue();
        browser.type("[name=password]", password);
        browser.click("#connect button");
        browser.await("document.querySelector('#connected').className.includes('good')");
    }

    void loadSample(int rows) throws Exception {
        browser.type("#sample [name=rows]", Integer.toString(rows));
        browser.click("#sample button");
        browser.await(
                "document.querySelector('#sample-told').textContent.endsWith('rows are in the table incidents.')");
        assertThat(browser.evaluate("document.querySelector('.progress').getAttribute('aria-valuenow')").asString())
                .isEqualTo("100");
    }

    private void ask(String sql) throws Exception {
        browser.type("#ask textarea", sql);
        browser.await("!document.querySelector('#ask button').disabled");
        browser.click("#ask button");
        browser.await("document.querySelector('#told').textContent !== 'Asking …'"
                + " && !document.querySelector('#ask button').disabled");
    }

    private String time(String origin) throws Exception {
        return browser.text("#run-" + origin + " .time");
    }

    private boolean isNewest(String origin) throws Exception {
        return browser.evaluate("document.querySelector('#run-" + origin + "').classList.contains('new')").asBoolean();
    }

    void askTwice() throws Exception {
        String sql = "SELECT * FROM incidents WHERE street = 'ROSE HOUSE  ST' ORDER BY incident_id LIMIT 20 OFFSET 5";
        ask(sql);
        assertThat(isNewest("database")).isTrue();
        assertThat(time("cache")).isEqualTo("–");
        ask(sql);
        assertThat(isNewest("cache")).isTrue();
        assertThat(time("database")).endsWith("s");
        assertThat(time("cache")).endsWith("s");
        // The line alone takes 50 ms there and back, several times.
        assertThat(Double.parseDouble(browser.text("#speed-up b"))).isGreaterThan(2);
        assertThat(browser.evaluate("document.querySelectorAll('#rows tbody tr').length").asInt()).isEqualTo(20);
        assertThat(browser.evaluate("document.querySelectorAll('#rows thead th').length").asInt()).isEqualTo(14);
        assertThat(browser.evaluate("document.querySelectorAll('#history rect').length").asInt()).isEqualTo(2);
        ask("SHOW TABLES");
        assertThat(browser.text("#rows").toLowerCase(Locale.ROOT)).contains("incidents");
        ask("DESCRIBE incidents");
        assertThat(browser.evaluate("document.querySelectorAll('#rows tbody tr').length").asInt()).isEqualTo(14);
        ask("EXPLAIN SELECT COUNT(*) FROM incidents");
        assertThat(browser.evaluate("document.querySelectorAll('#rows tbody tr').length").asInt()).isPositive();
        for (int run = 0; run < 3; run++) {
            ask("SELECT district, COUNT(*) AS incidents FROM incidents GROUP BY district ORDER BY incidents DESC");
        }
        picture("2-asked");
    }

    void refusals() throws Exception {
        ask("DELETE FROM incidents");
        assertThat(browser.text("#told")).contains("Only SELECT");
        ask("SELECT 1; SELECT 2");
        assertThat(browser.text("#told")).contains("One statement");
        ask("SELECT LOAD_FILE('/etc/passwd')");
        assertThat(browser.text("#told")).contains("LOAD_FILE");
        ask("SELECT SLEEP(5)");
        assertThat(browser.text("#told")).contains("SLEEP");
    }

    /** What is cached does not get slower when the database moves farther away. */
    void farther() throws Exception {
        String near = "SELECT COUNT(*) FROM incidents WHERE severity = 1";
        ask(near);
        browser.type("#latency", "200");
        browser.await("document.querySelector('#road').textContent.includes('200 ms')");
        ask(near);
        assertThat(isNewest("cache")).isTrue();
        ask("SELECT COUNT(*) FROM incidents WHERE severity = 2");
        assertThat(isNewest("database")).isTrue();
        String far = time("database");
        // One way there and one back, at the least.
        assertThat(far.endsWith(" s") || Double.parseDouble(far.replace(" ms", "")) >= 400).as(far).isTrue();
        browser.type("#latency", "25");
        browser.await("document.querySelector('#road').textContent.includes('25 ms')");
    }

    void stopTheDatabase() throws Exception {
        browser.click("#running");
        browser.await("document.querySelector('#running-told').textContent !== 'The database is running'");
        ask("SELECT COUNT(*) FROM incidents WHERE severity = 2");
        assertThat(isNewest("cache")).isTrue();
        ask("SELECT COUNT(*) FROM incidents WHERE severity = 3");
        assertThat(browser.text("#told")).contains("stopped").contains("not in the cache");
        picture("3-stopped");
        browser.click("#running");
        browser.await("document.querySelector('#running-told').textContent === 'The database is running'");
        ask("SELECT COUNT(*) FROM incidents WHERE severity = 3");
        assertThat(isNewest("database")).isTrue();
    }

    void clear() throws Exception {
        browser.click("#clear");
        browser.await("/^[1-9][0-9]* keys? removed/.test(document.querySelector('#told').textContent)");
        ask("SELECT COUNT(*) FROM incidents WHERE severity = 2");
        assertThat(isNewest("database")).isTrue();
    }

    void crowd() throws Exception {
        browser.type("#factor", "1");
        browser.click("#load button");
        browser.await("document.querySelector('#load-told').textContent.includes('with the cache:')");
        assertThat(browser.evaluate("document.querySelectorAll('#plot-time path').length").asInt()).isEqualTo(2);
        assertThat(browser.evaluate("document.querySelectorAll('#plot-fate rect').length").asInt()).isEqualTo(6);
        picture("4-crowd");
    }

    /** Somebody who has found the port, but has not seen the terminal. */
    void withoutTheKey() throws Exception {
        browser.await("document.querySelector('#connected').textContent.includes('terminal')");
        assertThat(browser.evaluate("document.querySelector('[name=url]').value").asString()).isEmpty();
        assertThat(browser.evaluate("document.querySelector('#connect button').disabled").asBoolean()).isTrue();
        picture("0-no-key");
    }

    /** The same page on a telephone. */
    void onATelephone() throws Exception {
        assertThat(browser.sticksOut()).isEmpty();
        browser.resize(390, 844);
        ask("SELECT * FROM incidents ORDER BY incident_id LIMIT 20");
        assertThat(browser.sticksOut()).isEmpty();
        browser.evaluate("scrollTo(0, 0)");
        picture("5-telephone");
    }
}

package dev.cistern.samples.lab;

import dev.cistern.samples.hybrid.DemoNode;
import dev.cistern.toolkit.CacheKit;
import dev.cistern.toolkit.CacheListener;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** The experiments on a real node, against what is known of each pattern. */
final class LabTest {

    private static DemoNode node;
    private static CacheKit kit;

    @BeforeAll
    static void start() throws IOException {
        node = DemoNode.start("a1b2c3");
        kit = node.kit(Lab.PREFIX, CacheListener.NONE);
    }

    @AfterAll
    static void stop() {
        kit.close();
        node.close();
    }

    /** With modulo n keys stay with probability 1/(n+1): 1/2, 1/4 and 1/10 of them; the ring moves one in n+1. */
    @Test
    void moduloMovesNearlyAllKeysAndTheRingFew() {
        List<RingExperiment.Moved> moved = RingExperiment.run(9, 20_000);
        assertThat(moved.get(0).modulo()).isCloseTo(0.50, within(0.02));
        assertThat(moved.get(2).modulo()).isCloseTo(0.75, within(0.02));
        assertThat(moved.get(8).modulo()).isCloseTo(0.90, within(0.02));
        for (RingExperiment.Moved one : moved) {
            assertThat(one.ring()).isCloseTo(1.0 / (one.nodes() + 1), within(0.06));
        }
    }

    @Test
    void aHerdLoadsOnceWithSingleFlight() throws Exception {
        HerdExperiment.Outcome outcome = new HerdExperiment(kit).run(100, 200);
        assertThat(outcome.loadsWith()).hasSize(1);
        assertThat(outcome.loadsWithout()).hasSizeGreaterThan(10);
    }

    @Test
    void jitterSpreadsExpiryOverItsWindow() {
        ExpiryExperiment.Outcome outcome = new ExpiryExperiment(kit, node).run(1_000);
        assertThat(outcome.without().stream().mapToInt(Integer::intValue).sum()).isEqualTo(1_000);
        assertThat(outcome.with().stream().mapToInt(Integer::intValue).sum()).isEqualTo(1_000);
        assertThat(outcome.without().stream().filter(keys -> keys > 0).count()).isLessThan(outcome.with().stream()
                .filter(keys -> keys > 0).count());
        assertThat(outcome.with().stream().mapToInt(Integer::intValue).max().orElseThrow()).isLessThan(150);
    }

    @Test
    void onlyWritesBehindTheCachesBackLeaveOldAnswers() {
        for (long seed = 1; seed <= 5; seed++) {
            List<WriteExperiment.Way> ways = new WriteExperiment(kit).run(seed);
            assertThat(ways.get(0).steps()).contains(WriteExperiment.Step.STALE);
            assertThat(ways.get(1).steps()).doesNotContain(WriteExperiment.Step.STALE);
            assertThat(ways.get(2).steps()).doesNotContain(WriteExperiment.Step.STALE);
            assertThat(ways.get(2).databaseReads()).isLessThanOrEqualTo(ways.get(1).databaseReads());
        }
    }

    @Test
    void aTouchedCommentRendersItsDollsAndNoSiblings() {
        DollExperiment dolls = new DollExperiment(kit);
        assertThat(dolls.run("").rendered()).hasSize(7);
        assertThat(dolls.run("").rendered()).isEmpty();
        DollExperiment.Outcome touched = dolls.run("comment/3");
        assertThat(touched.rendered()).containsExactly("page/7", "story/B", "comment/3");
        assertThat(touched.html()).isEqualTo(
                "page/7 [story/A [comment/1] [comment/2]] [story/B [comment/3] [comment/4]]");
    }

    @Test
    void barrysRankIsOne() {
        LeaderboardExperiment board = new LeaderboardExperiment(node.commands());
        assertThat(board.reset()).containsExactly(new LeaderboardExperiment.Line(0, "Derek", 1312),
                new LeaderboardExperiment.Line(1, "Barry", 819), new LeaderboardExperiment.Line(2, "Andy", 556),
                new LeaderboardExperiment.Line(3, "Carl", 105));
        assertThat(board.score("Barry", 500).getFirst()).isEqualTo(new LeaderboardExperiment.Line(0, "Barry", 1319));
        assertThat(board.score("Nobody", 5_000)).hasSize(4);
    }

    /**
     * By hand. Likers: tea {Susan, Uma}, coffee {Susan, Tommy}, cocoa {Uma, Viktor}: each pair has one of three in common,
     * coffee and cocoa none of four. Slope One for Tommy and cocoa: by tea, Susan says cocoa is -1-1 = -2 of tea and Uma
     * 1-1 = 0, so twice his -1: -3 and -1; by coffee, Susan -2: 1-2 = -1. The mean of -3, -1 and -1 is -5/3.
     */
    @Test
    void recommendationsAreAsWorkedOutByHand() {
        LikesExperiment likes = new LikesExperiment(node.commands());
        LikesExperiment.Outcome first = likes.reset();
        assertThat(first.items().getFirst()).isEqualTo(new LikesExperiment.Item("tea", 2, 1, Map.of("Susan", 1, "Tommy",
                -1, "Uma", 1)));
        assertThat(first.alike()).extracting(LikesExperiment.Alike::jaccard).containsExactly(1.0 / 3, 1.0 / 3, 0.0);
        assertThat(first.guesses()).filteredOn(guess -> guess.person().equals("Tommy")).singleElement().satisfies(
                guess -> {
                    assertThat(guess.item()).isEqualTo("cocoa");
                    assertThat(guess.rating()).isCloseTo(-5.0 / 3, within(1e-9));
                });
        LikesExperiment.Outcome changed = likes.rate("tea", "Tommy", 1);
        assertThat(changed.items().getFirst().likes()).isEqualTo(3);
        assertThat(changed.items().getFirst().dislikes()).isZero();
        assertThat(LikesExperiment.jaccard(Set.of(), Set.of())).isZero();
    }

    @Test
    void whoIsThereHearsItAndNewcomersHearWhatWasKept() throws Exception {
        ChatExperiment chat = new ChatExperiment(node);
        chat.forget();
        List<String> early = new CopyOnWriteArrayList<>();
        Thread earlyBird = listen(chat, early);
        Awaitility.await().until(() -> early.contains(""));
        assertThat(chat.say(new ChatExperiment.Say("Ann", "kept", true)).listeners()).isEqualTo(1);
        assertThat(chat.say(new ChatExperiment.Say("Ann", "gone", false)).listeners()).isEqualTo(1);
        Awaitility.await().until(() -> early.contains("Ann: gone"));
        List<String> late = new CopyOnWriteArrayList<>();
        Thread newcomer = listen(chat, late);
        Awaitility.await().until(() -> late.contains(""));
        assertThat(late).containsExactly("Ann: kept", "");
        for (Thread listener : List.of(earlyBird, newcomer)) {
            listener.interrupt();
            listener.join();
        }
        assertThat(early).containsSubsequence("Ann: kept", "Ann: gone");
    }

    private static Thread listen(ChatExperiment chat, List<String> heard) {
        return Thread.ofVirtual().start(() -> {
            try {
                chat.listen(message -> heard.add(((ChatExperiment.Message) message).text()));
            } catch (InterruptedException | IOException e) {
                // The test has heard enough.
            }
        });
    }

    @Test
    void theItemOfAKilledWorkerIsRecoveredInOrder() throws Exception {
        List<QueueExperiment.Moment> moments = new QueueExperiment(node.commands()).run();
        QueueExperiment.Moment killed = moments.stream().filter(moment -> moment.event().contains("killed")).findFirst()
                .orElseThrow();
        assertThat(killed.anna()).containsExactly("item 3");
        QueueExperiment.Moment recovered = moments.stream().filter(moment -> moment.event().contains("no longer lives"))
                .findFirst().orElseThrow();
        assertThat(recovered.anna()).isEmpty();
        assertThat(recovered.waiting()).containsExactly("item 3", "item 4", "item 5", "item 6");
        assertThat(moments.getLast().done()).containsExactly("item 1", "item 2", "item 3", "item 4", "item 5",
                "item 6");
    }

    @Test
    void aSessionInTheCacheOutlivesAServer() {
        SessionExperiment.Outcome outcome = new SessionExperiment(node.commands()).run();
        assertThat(outcome.steps().getLast().inCache()).isEqualTo(4);
        assertThat(outcome.steps().getLast().inOwnMemory()).isEqualTo(1);
        assertThat(outcome.secondsLeft()).isBetween(1_700L, 1_800L);
    }
}

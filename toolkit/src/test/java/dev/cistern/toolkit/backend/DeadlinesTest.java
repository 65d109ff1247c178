package dev.cistern.toolkit.backend;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** Which calls are failed, and that no other is kept. */
final class DeadlinesTest {

    private static void awaitFailure(CompletableFuture<?> call) {
        await().atMost(30, TimeUnit.SECONDS).until(call::isDone);
        assertThat(call).isCompletedExceptionally();
        assertThatThrownBy(call::get).hasCauseInstanceOf(TimeoutException.class);
    }

    @Test
    void whatIsNotAnsweredFails() {
        Deadlines deadlines = new Deadlines(50);
        CompletableFuture<String> never = deadlines.watch(new CompletableFuture<>());
        awaitFailure(never);
        CompletableFuture<String> neverAgain = deadlines.watch(new CompletableFuture<>());
        awaitFailure(neverAgain);
        await().until(() -> deadlines.size() == 0);
    }

    @Test
    void whatIsAnsweredIsLeftAloneAndForgotten() {
        Deadlines deadlines = new Deadlines(60_000);
        for (int number = 0; number < 1_000; number++) {
            CompletableFuture<Integer> call = deadlines.watch(new CompletableFuture<>());
            call.complete(number);
            assertThat(deadlines.size()).isLessThanOrEqualTo(1);
            assertThat(call).isCompletedWithValue(number);
        }
        assertThat(deadlines.watch(CompletableFuture.completedFuture("there"))).isCompletedWithValue("there");
    }

    @Test
    void aSlowCallDoesNotKeepOthersFromTheirEnd() throws Exception {
        Deadlines deadlines = new Deadlines(100);
        List<CompletableFuture<String>> calls = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int thread = 0; thread < 4; thread++) {
            Thread caller = new Thread(() -> {
                for (int number = 0; number < 500; number++) {
                    CompletableFuture<String> call = deadlines.watch(new CompletableFuture<>());
                    if (number % 10 != 0) {
                        call.complete("answered");
                    }
                    synchronized (calls) {
                        calls.add(call);
                    }
                }
            });
            threads.add(caller);
            caller.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        await().atMost(30, TimeUnit.SECONDS).until(() -> calls.stream().allMatch(CompletableFuture::isDone));
        assertThat(calls.stream().filter(CompletableFuture::isCompletedExceptionally)).hasSize(200);
        await().until(() -> deadlines.size() == 0);
    }
}

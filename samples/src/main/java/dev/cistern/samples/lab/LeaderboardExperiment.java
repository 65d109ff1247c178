package dev.cistern.samples.lab;

import io.lettuce.core.ScoredValue;
import io.lettuce.core.api.sync.RedisCommands;
import java.util.List;
import java.util.Map;

/**
 * Players in a sorted set. Ranks count from 0, so Barry, second in the list of four, has rank 1; a tutorial of 2015 said
 * 2.
 */
final class LeaderboardExperiment {

    private static final String KEY = Lab.PREFIX + "leaderboard";
    private static final Map<String, Double> FIRST_SCORES = Map.of("Andy", 556.0, "Barry", 819.0, "Carl", 105.0,
            "Derek", 1312.0);

    private final RedisCommands<String, String> cache;

    LeaderboardExperiment(RedisCommands<String, String> cache) {
        this.cache = cache;
    }

    /** One line of the list. */
    record Line(long rank, String player, double score) {}

    synchronized List<Line> reset() {
        cache.del(KEY);
        FIRST_SCORES.forEach((player, score) -> cache.zadd(KEY, score, player));
        return list();
    }

    /** Adds points to one of the four; everybody's rank is right at once. */
    synchronized List<Line> score(String player, double points) {
        if (cache.exists(KEY) == 0) {
            reset();
        }
        if (FIRST_SCORES.containsKey(player)) {
            cache.zincrby(KEY, points, player);
        }
        return list();
    }

    private List<Line> list() {
        List<ScoredValue<String>> players = cache.zrevrangeWithScores(KEY, 0, -1);
        return players.stream().map(player -> new Line(rankOf(player.getValue()), player.getValue(), player.getScore()))
                .toList();
    }

    private long rankOf(String player) {
        Long rank = cache.zrevrank(KEY, player);
        return rank == null ? -1 : rank;
    }
}

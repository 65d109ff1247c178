package dev.cistern.samples.lab;

import io.lettuce.core.api.sync.RedisCommands;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Likes as counters, and who gave them in a hash for each item; out of the hashes come recommendations. Jaccard: two
 * items are as alike as the readers who like both are among those who like either. Slope One: somebody will rate an item
 * as he rated the others, plus by how much those who rated both preferred it on average.
 */
final class LikesExperiment {

    static final List<String> ITEMS = List.of("tea", "coffee", "cocoa");
    static final List<String> PEOPLE = List.of("Susan", "Tommy", "Uma", "Viktor");

    private static final String KEY = Lab.PREFIX + "item:";
    private static final Map<String, Map<String, Integer>> FIRST = Map.of("tea", Map.of("Susan", 1, "Tommy", -1, "Uma",
            1), "coffee", Map.of("Susan", 1, "Tommy", 1), "cocoa", Map.of("Susan", -1, "Uma", 1, "Viktor", 1));

    private final RedisCommands<String, String> cache;

    LikesExperiment(RedisCommands<String, String> cache) {
        this.cache = cache;
    }

    /** An item's counters and who said what. */
    record Item(String name, long likes, long dislikes, Map<String, Integer> ratings) {}

    /** How alike two items are, 0 to 1. */
    record Alike(String one, String other, double jaccard) {}

    /** What somebody is expected to say of what he has not rated, -1 to 1. */
    record Guess(String person, String item, double rating) {}

    record Outcome(List<Item> items, List<Alike> alike, List<Guess> guesses) {}

    synchronized Outcome reset() {
        for (String item : ITEMS) {
            cache.del(KEY + item + ":likes", KEY + item + ":dislikes", KEY + item + ":ratings");
            new TreeMap<>(FIRST.getOrDefault(item, Map.of())).forEach((person, rating) -> store(item, person, rating));
        }
        return outcome();
    }

    /** Somebody likes (1) or dislikes (-1) an item, perhaps after having said otherwise. */
    synchronized Outcome rate(String item, String person, int rating) {
        if (ITEMS.contains(item) && PEOPLE.contains(person) && Math.abs(rating) == 1) {
            store(item, person, rating);
        }
        return outcome();
    }

    private void store(String item, String person, int rating) {
        String before = cache.hget(KEY + item + ":ratings", person);
        cache.multi();
        if (before != null) {
            cache.decr(counter(item, Integer.parseInt(before)));
        }
        cache.incr(counter(item, rating));
        cache.hset(KEY + item + ":ratings", person, Integer.toString(rating));
        cache.exec();
    }

    private static String counter(String item, int rating) {
        return KEY + item + (rating > 0 ? ":likes" : ":dislikes");
    }

    private Outcome outcome() {
        List<Item> items = ITEMS.stream().map(this::item).toList();
        Map<String, Map<String, Integer>> ratings = new LinkedHashMap<>();
        items.forEach(item -> ratings.put(item.name(), item.ratings()));
        return new Outcome(items, alike(ratings), guesses(ratings));
    }

    private Item item(String name) {
        Map<String, Integer> ratings = new TreeMap<>();
        cache.hgetall(KEY + name + ":ratings").forEach((person, rating) -> ratings.put(person, Integer.valueOf(
                rating)));
        return new Item(name, number(cache.get(KEY + name + ":likes")), number(cache.get(KEY + name + ":dislikes")),
                ratings);
    }

    private static long number(@Nullable String counter) {
        return counter == null ? 0 : Long.parseLong(counter);
    }

    private static List<Alike> alike(Map<String, Map<String, Integer>> ratings) {
        List<Alike> all = new ArrayList<>();
        for (int one = 0; one < ITEMS.size(); one++) {
            for (int other = one + 1; other < ITEMS.size(); other++) {
                all.add(new Alike(ITEMS.get(one), ITEMS.get(other), jaccard(likers(ratings.get(ITEMS.get(one))), likers(
                        ratings.get(ITEMS.get(other))))));
            }
        }
        return all;
    }

    private static Set<String> likers(@Nullable Map<String, Integer> ratings) {
        Set<String> people = new HashSet<>();
        if (ratings != null) {
            ratings.forEach((person, rating) -> {
                if (rating > 0) {
                    people.add(person);
                }
            });
        }
        return people;
    }

    /** The size of what both sets have by the size of what either has. */
    static double jaccard(Set<String> one, Set<String> other) {
        Set<String> both = new HashSet<>(one);
        both.retainAll(other);
        Set<String> either = new HashSet<>(one);
        either.addAll(other);
        return either.isEmpty() ? 0 : (double) both.size() / either.size();
    }

    private static List<Guess> guesses(Map<String, Map<String, Integer>> ratings) {
        List<Guess> all = new ArrayList<>();
        for (String person : PEOPLE) {
            for (String item : ITEMS) {
                boolean isRated = ratings.getOrDefault(item, Map.of()).containsKey(person);
                double guess = slopeOne(ratings, person, item);
                if (!isRated && !Double.isNaN(guess)) {
                    all.add(new Guess(person, item, guess));
                }
            }
        }
        return all;
    }

    /**
     * Slope One, each other item weighed by how many rated both; NaN when nobody who could tell has. Ratings are by
     * item, then by person.
     */
    static double slopeOne(Map<String, Map<String, Integer>> ratings, String person, String item) {
        Map<String, Integer> ofItem = ratings.getOrDefault(item, Map.of());
        double sum = 0;
        int weight = 0;
        for (String other : ratings.keySet()) {
            Map<String, Integer> ofOther = ratings.getOrDefault(other, Map.of());
            Integer own = ofOther.get(person);
            if (other.equals(item) || own == null) {
                continue;
            }
            for (Map.Entry<String, Integer> rating : ofItem.entrySet()) {
                Integer same = ofOther.get(rating.getKey());
                if (same != null) {
                    sum += own + rating.getValue() - same;
                    weight++;
                }
            }
        }
        return weight == 0 ? Double.NaN : sum / weight;
    }
}

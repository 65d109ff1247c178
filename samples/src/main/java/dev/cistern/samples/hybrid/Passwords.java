package dev.cistern.samples.hybrid;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Passwords that live as long as the process. */
final class Passwords {

    private static final List<String> WORDS = List.of("amber", "anchor", "apple", "barley", "basil", "beacon", "birch",
            "brook", "cedar", "cherry", "clover", "cobalt", "copper", "coral", "cotton", "crane", "dahlia", "delta",
            "ember", "falcon", "fennel", "fern", "finch", "flint", "garnet", "ginger", "harbor", "hazel", "heron",
            "indigo", "iris", "ivory", "jasper", "juniper", "kelp", "lantern", "laurel", "lemon", "linen", "lotus",
            "maple", "marble", "meadow", "mint", "nectar", "oak", "olive", "onyx", "opal", "orchid", "otter", "pearl",
            "pepper", "pine", "plum", "quartz", "raven", "reed", "ruby", "sage", "sparrow", "tulip", "walnut",
            "willow");
    private static final int SPOKEN_WORDS = 3;
    private static final int SECRET_BYTES = 24;

    private Passwords() {}

    /** One that a person types from the terminal into the page: 18 bits, behind a database that is slow to refuse. */
    static String spoken(SecureRandom random) {
        List<String> words = new ArrayList<>();
        for (int at = 0; at < SPOKEN_WORDS; at++) {
            words.add(WORDS.get(random.nextInt(WORDS.size())));
        }
        return String.join("-", words);
    }

    /** One that no person sees. */
    static String secret(SecureRandom random) {
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}

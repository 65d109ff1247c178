package dev.cistern.samples.lab;

import dev.cistern.toolkit.CacheKit;
import dev.cistern.toolkit.Doll;
import dev.cistern.toolkit.Dolls;
import dev.cistern.toolkit.LoadingCache;
import dev.cistern.toolkit.codec.Codecs;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** A page of two stories with two comments each. Touching a comment renders it, its story and the page, and no more. */
final class DollExperiment {

    private static final Doll PAGE = Doll.of("page", 7);
    private static final Doll STORY_A = Doll.of("story", "A").inside(PAGE);
    private static final Doll STORY_B = Doll.of("story", "B").inside(PAGE);
    private static final Map<String, Doll> COMMENTS = Map.of("comment/1", Doll.of("comment", 1).inside(STORY_A),
            "comment/2", Doll.of("comment", 2).inside(STORY_A), "comment/3", Doll.of("comment", 3).inside(STORY_B),
            "comment/4", Doll.of("comment", 4).inside(STORY_B));

    private final Dolls dolls;
    private final LoadingCache<Doll, String> html;
    private final List<String> rendered = new ArrayList<>();

    DollExperiment(CacheKit kit) {
        this.dolls = kit.dolls("dolls");
        this.html = dolls.fragments(Codecs.TEXT).build(this::render);
    }

    /** The fragments that had to be rendered for the page, and the page. */
    record Outcome(List<String> rendered, String html) {}

    /** Changes a comment if one is named, then asks for the page. */
    synchronized Outcome run(String touched) {
        Doll doll = COMMENTS.get(touched);
        if (doll != null) {
            dolls.touch(doll);
        }
        rendered.clear();
        String page = String.valueOf(html.get(PAGE));
        return new Outcome(List.copyOf(rendered), page);
    }

    /** On the caller's thread: nothing here asks asynchronously. */
    private String render(Doll doll) {
        rendered.add(doll.id());
        StringBuilder inner = new StringBuilder(doll.id());
        for (Doll child : inside(doll)) {
            inner.append(" [").append(html.get(child)).append(']');
        }
        return inner.toString();
    }

    private static List<Doll> inside(Doll doll) {
        if (doll.id().equals(PAGE.id())) {
            return List.of(STORY_A, STORY_B);
        }
        Set<String> names = new TreeSet<>(COMMENTS.keySet());
        return names.stream().map(COMMENTS::get).filter(comment -> comment != null && comment.parents().stream()
                .anyMatch(parent -> parent.id().equals(doll.id()))).toList();
    }
}

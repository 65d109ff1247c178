package dev.cistern.benchmarks.failover;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Which links are cut between node 0, which is the primary, its replicas 1 and 2, and the control plane. */
enum Cut {

    /** All of the primary's; only the client beside it is left. */
    ISOLATED("the primary, from all"),

    /** The one between it and the control plane. */
    CONTROL("the control plane, from the primary"),

    /** Those of the control plane to the primary and one replica. */
    HALF("the control plane, from two of three"),

    /** All of the control plane's. */
    PLANE("the control plane, from all"),

    /** What the primary sends is lost, what it is sent comes. */
    OUTBOUND("what the primary sends"),

    /** The other way round. */
    INBOUND("what the primary is sent"),

    /** All of the primary's, for a second, every other second. */
    FLAPPING("the primary, every other second");

    /** What one sends to the other. */
    private record Link(int from, int to) {

        Link back() {
            return new Link(to, from);
        }
    }

    private final String title;

    Cut(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    private List<Link> links() {
        List<Link> ofPrimary = List.of(new Link(0, Networks.CONTROL), new Link(0, 1), new Link(0, 2));
        return switch (this) {
            case ISOLATED, FLAPPING -> both(ofPrimary);
            case CONTROL -> both(List.of(new Link(0, Networks.CONTROL)));
            case HALF -> both(List.of(new Link(0, Networks.CONTROL), new Link(1, Networks.CONTROL)));
            case PLANE -> both(List.of(new Link(0, Networks.CONTROL), new Link(1, Networks.CONTROL),
                    new Link(2, Networks.CONTROL)));
            case OUTBOUND -> ofPrimary;
            case INBOUND -> ofPrimary.stream().map(Link::back).toList();
        };
    }

    private static List<Link> both(List<Link> links) {
        return links.stream().flatMap(link -> Stream.of(link, link.back())).toList();
    }

    /** Cuts them, or joins them again. */
    void apply(Networks networks, boolean isCut) throws IOException {
        for (Link link : links()) {
            networks.cut(link.from, link.to, isCut);
        }
    }
}

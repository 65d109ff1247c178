package dev.cistern.toolkit.backend;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * The consistent-hash ring of libketama: the same nodes and weights send the same key to the same node as every other
 * client that follows it. When one of n nodes leaves, only its own keys move, about 1/n of all.
 *
 * <p>A node of average weight stands at 160 points: for each k below 40 the MD5 of {@code host:port-k} gives four
 * 32-bit numbers, little-endian. A key belongs to the first point at or after the first such number of its own MD5.
 * Immutable; a changed membership is a new ring.
 */
public final class KetamaRing<N> {

    private static final int DIGESTS_PER_NODE = 40;
    private static final int POINTS_PER_DIGEST = 4;

    private final long[] points;
    private final List<N> nodeAtPoint;

    private KetamaRing(long[] points, List<N> nodeAtPoint) {
        this.points = points;
        this.nodeAtPoint = nodeAtPoint;
    }

    /** A node and its share of the keys. */
    public record Member<N>(String name, int weight, N node) {}

    /** A ring of nodes of one weight, by their names: {@code host:port}. */
    public static <N> KetamaRing<N> of(Map<String, N> nodes) {
        return of(nodes.entrySet().stream().map(node -> new Member<>(node.getKey(), 1, node.getValue())).toList());
    }

    /** A ring of weighted nodes. */
    public static <N> KetamaRing<N> of(List<Member<N>> members) {
        long totalWeight = members.stream().mapToLong(Member::weight).sum();
        List<Point<N>> points = new ArrayList<>();
        for (Member<N> member : members) {
            int digests = digestsOf(member.weight(), totalWeight, members.size());
            for (int k = 0; k < digests; k++) {
                byte[] digest = md5(member.name() + "-" + k);
                for (int part = 0; part < POINTS_PER_DIGEST; part++) {
                    points.add(new Point<>(littleEndian(digest, part * Integer.BYTES), member.node()));
                }
            }
        }
        points.sort(Comparator.comparingLong(Point::at));
        return new KetamaRing<>(points.stream().mapToLong(Point::at).toArray(),
                points.stream().map(Point::node).toList());
    }

    /** The node that {@code key} belongs to. */
    public N nodeOf(String key) {
        if (points.length == 0) {
            throw new IllegalStateException("the ring has no nodes");
        }
        return nodeAtPoint.get(firstAtOrAfter(littleEndian(md5(key), 0)));
    }

    /** How many points there are on the ring. */
    public int size() {
        return points.length;
    }

    private int firstAtOrAfter(long hash) {
        int low = 0;
        int high = points.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (points[middle] < hash) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == points.length ? 0 : low;
    }

    /** In single precision where libketama is, or rings of 7 and of 61 equal nodes would differ from its own. */
    private static int digestsOf(int weight, long totalWeight, int members) {
        float share = (float) weight / (float) totalWeight;
        return (int) Math.floor((float) (share * (double) DIGESTS_PER_NODE * members));
    }

    private static long littleEndian(byte[] digest, int at) {
        return (digest[at] & 0xFFL) | (digest[at + 1] & 0xFFL) << 8 | (digest[at + 2] & 0xFFL) << 16
                | (digest[at + 3] & 0xFFL) << 24;
    }

    private static byte[] md5(String text) {
        try {
            return MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has MD5", e);
        }
    }

    private record Point<N>(long at, N node) {}
}

package dev.cistern.engine.cluster;

import dev.cistern.store.KeySlot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which nodes there are, in which shards, and which shard has which slots; as of an epoch. Immutable.
 *
 * <pre>
 *   epoch 7
 *   self 5f3a…e1
 *   shard 9c0d…77 0-5460,5462
 *   node 5f3a…e1 10.0.0.1 6379 0 primary      id, host, port, TLS port (0: none), role
 *   node 77aa…03 10.0.0.2 6379 0 replica
 *   shard …
 * </pre>
 *
 * <p>That text is what the control plane sends, what the node's file holds, and what {@link #format} writes.
 */
final class Topology {
    /** What a slot belongs to that nobody has. */
    static final int NOBODY = -1;
    private static final int ID_DIGITS = 40;

    /** A node as others reach it; one without host is reached as whoever asks reached it. */
    record Member(String id, String host, int port, int tlsPort, boolean isPrimary) {}

    /** A primary and its replicas. */
    record Shard(String id, List<Member> members) {
        Shard {
            members = List.copyOf(members);
        }

        @Nullable
        Member primary() {
            for (Member member : members) {
                if (member.isPrimary) {
                    return member;
                }
            }
            return null;
        }
    }

    private final long epoch;
    private final String self;
    private final List<Shard> shards;
    /** A shard's place in the list, for each slot. */
    private final short[] shardOfSlot;
    private final int myShard;

    private Topology(long epoch, String self, List<Shard> shards, short[] shardOfSlot) {
        this.epoch = epoch;
        this.self = self;
        this.shards = List.copyOf(shards);
        this.shardOfSlot = shardOfSlot;
        this.myShard = placeOf(self);
        if (myShard == NOBODY) {
            throw new IllegalArgumentException("the node " + self + " itself is in no shard");
        }
    }

    /** A node that knows of no other, and has no slots. */
    static Topology alone(String self, String shard, int port) {
        short[] nobody = new short[KeySlot.COUNT];
        Arrays.fill(nobody, (short) NOBODY);
        return new Topology(0, self, List.of(new Shard(shard, List.of(new Member(self, "", port, 0, true)))), nobody);
    }

    private int placeOf(String id) {
        for (int i = 0; i < shards.size(); i++) {
            if (shards.get(i).members.stream().anyMatch(member -> member.id.equals(id))) {
                return i;
            }
        }
        return NOBODY;
    }

    long epoch() {
        return epoch;
    }

    /** The id of the node that holds this. */
    String self() {
        return self;
    }

    List<Shard> shards() {
        return shards;
    }

    /** The place of this node's own shard. */
    int myShard() {
        return myShard;
    }

    Shard mine() {
        return shards.get(myShard);
    }

    /** This node as the others know it. */
    Member me() {
        return mine().members.stream().filter(member -> member.id.equals(self)).findFirst().orElseThrow();
    }

    /** The place of the shard that has the slot, or {@link #NOBODY}. */
    int shardOf(int slot) {
        return shardOfSlot[slot];
    }

    BitSet slotsOf(int shard) {
        BitSet slots = new BitSet(KeySlot.COUNT);
        for (int slot = 0; slot < KeySlot.COUNT; slot++) {
            if (shardOfSlot[slot] == shard) {
                slots.set(slot);
            }
        }
        return slots;
    }

    int assigned() {
        return KeySlot.COUNT - slotsOf(NOBODY).cardinality();
    }

    @Nullable
    Member member(String id) {
        return shards.stream().flatMap(shard -> shard.members.stream()).filter(member -> member.id.equals(id))
                .findFirst().orElse(null);
    }

    /** The place of the shard that this node is in, or {@link #NOBODY}. */
    int shardWith(String nodeId) {
        return placeOf(nodeId);
    }

    List<Member> members() {
        return shards.stream().flatMap(shard -> shard.members.stream()).toList();
    }

    // --- changes ---

    /** The same, but these slots belong to the shard at that place, or to nobody. */
    Topology with(BitSet slots, int shard, long newEpoch) {
        short[] changed = shardOfSlot.clone();
        slots.stream().forEach(slot -> changed[slot] = (short) shard);
        return new Topology(newEpoch, self, shards, changed);
    }

    Topology withEpoch(long newEpoch) {
        return new Topology(newEpoch, self, shards, shardOfSlot);
    }

    /** The same, listening on these ports. */
    Topology withOwnPorts(int port, int tlsPort) {
        List<Shard> changed = new ArrayList<>();
        for (Shard shard : shards) {
            changed.add(new Shard(shard.id, shard.members.stream().map(member -> member.id.equals(self)
                    ? new Member(self, member.host, port, tlsPort, member.isPrimary)
                    : member).toList()));
        }
        return new Topology(epoch, self, changed, shardOfSlot);
    }

    // --- text ---

    String format() {
        StringBuilder text = new StringBuilder("epoch ").append(epoch).append("\nself ").append(self).append('\n');
        for (int i = 0; i < shards.size(); i++) {
            Shard shard = shards.get(i);
            text.append("shard ").append(shard.id).append(' ').append(SlotRanges.format(slotsOf(i))).append('\n');
            for (Member member : shard.members) {
                text.append("node %s %s %d %d %s\n".formatted(member.id, member.host.isEmpty() ? "-" : member.host,
                        member.port, member.tlsPort, member.isPrimary ? "primary" : "replica"));
            }
        }
        return text.toString();
    }

    /** Throws IllegalArgumentException, with a word for people, when the text is not as drawn above. */
    static Topology parse(String text) {
        return new Parser().parse(text);
    }

    /** Reads line by line. */
    private static final class Parser {
        private final List<Shard> shards = new ArrayList<>();
        private final List<Member> members = new ArrayList<>();
        private final short[] shardOfSlot = new short[KeySlot.COUNT];
        private final Set<String> ids = new HashSet<>();
        private long epoch = -1;
        private String self = "";
        private String shard = "";

        Topology parse(String text) {
            Arrays.fill(shardOfSlot, (short) NOBODY);
            text.lines().filter(line -> !line.isBlank()).forEach(line -> read(line.strip().split("\\s+")));
            endShard();
            if (epoch < 0 || self.isEmpty()) {
                throw new IllegalArgumentException("a topology begins with the lines 'epoch N' and 'self ID'");
            }
            return new Topology(epoch, self, shards, shardOfSlot);
        }

        private void read(String[] words) {
            switch (words[0] + " " + words.length) {
                case "epoch 2" -> epoch = number(words[1], Long.MAX_VALUE);
                case "self 2" -> self = id(words[1]);
                case "shard 3" -> beginShard(words);
                case "node 6" -> addNode(words);
                default -> throw new IllegalArgumentException("no line of a topology: " + String.join(" ", words));
            }
        }

        private void beginShard(String[] words) {
            endShard();
            shard = unique(words[1]);
            SlotRanges.parse(words[2]).stream().forEach(slot -> {
                if (shardOfSlot[slot] != NOBODY) {
                    throw new IllegalArgumentException("slot " + slot + " belongs to two shards");
                }
                shardOfSlot[slot] = (short) shards.size();
            });
        }

        private void addNode(String[] words) {
            if (shard.isEmpty()) {
                throw new IllegalArgumentException("a node stands before the first shard");
            }
            boolean isPrimary = words[5].equals("primary");
            if (!isPrimary && !words[5].equals("replica")) {
                throw new IllegalArgumentException("a node is primary or replica, not " + words[5]);
            }
            if (isPrimary && members.stream().anyMatch(Member::isPrimary)) {
                throw new IllegalArgumentException("the shard " + shard + " has two primaries");
            }
            members.add(new Member(unique(words[1]), words[2].equals("-") ? "" : words[2],
                    (int) number(words[3], 65_535), (int) number(words[4], 65_535), isPrimary));
        }

        private void endShard() {
            if (!shard.isEmpty()) {
                shards.add(new Shard(shard, members));
                members.clear();
            }
        }

        private String unique(String word) {
            if (!ids.add(id(word))) {
                throw new IllegalArgumentException("twice: " + word);
            }
            return word;
        }

        private static String id(String word) {
            if (word.length() != ID_DIGITS
                    || !word.chars().allMatch(letter -> "0123456789abcdef".indexOf(letter) >= 0)) {
                throw new IllegalArgumentException("an id has 40 hexadecimal digits in small letters: " + word);
            }
            return word;
        }

        private static long number(String word, long most) {
            try {
                long value = Long.parseLong(word);
                if (value >= 0 && value <= most) {
                    return value;
                }
            } catch (NumberFormatException e) {
                // Told below.
            }
            throw new IllegalArgumentException("no number up to " + most + ": " + word);
        }
    }
}

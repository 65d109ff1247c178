package dev.cistern.engine.settings;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** client-output-buffer-limit: for each class of client, how many unsent bytes it may have, and for how long. */
public final class OutputLimits extends Setting {

    /** What a client is, as far as its unsent replies go. */
    public enum ClientClass {
        NORMAL, SLAVE, PUBSUB
    }

    /** Zero means no limit. The soft one counts when it is passed for so many seconds on end. */
    public record Limit(long hardBytes, long softBytes, int softSeconds) {
        public boolean isNone() {
            return hardBytes == 0 && softBytes == 0;
        }
    }

    private static final String DEFAULT = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60";
    private static final int WORDS_PER_CLASS = 4;
    private static final long USUAL_FOR_REPLICA_BYTES = 256L << 20;

    private volatile Map<ClientClass, Limit> limits = Map.of();

    OutputLimits() {
        super("client-output-buffer-limit", true);
        try {
            set(DEFAULT);
        } catch (InvalidSettingException e) {
            throw new IllegalStateException(e);
        }
    }

    public Limit of(ClientClass clientClass) {
        return limits.getOrDefault(clientClass, new Limit(0, 0, 0));
    }

    /** How much of the log may wait for one replica, at its primary and, while it loads, at itself; there is always a limit. */
    public static long mostForReplica(Settings settings) {
        long hardBytes = settings.outputLimits.of(ClientClass.SLAVE).hardBytes();
        return hardBytes > 0 ? hardBytes : USUAL_FOR_REPLICA_BYTES;
    }

    @Override
    public String text() {
        StringBuilder text = new StringBuilder();
        limits.forEach((clientClass, limit) -> text.append(text.isEmpty() ? "" : " ")
                .append(clientClass.name().toLowerCase(Locale.ROOT)).append(' ').append(limit.hardBytes())
                .append(' ').append(limit.softBytes()).append(' ').append(limit.softSeconds()));
        return text.toString();
    }

    @Override
    public String defaultText() {
        return DEFAULT;
    }

    @Override
    void set(String text) throws InvalidSettingException {
        String[] words = text.trim().split("\\s+", -1);
        if (words.length % WORDS_PER_CLASS != 0) {
            throw new InvalidSettingException(name(), "Wrong number of arguments in buffer limit configuration.");
        }
        Map<ClientClass, Limit> changed = new EnumMap<>(ClientClass.class);
        changed.putAll(limits);
        for (int i = 0; i < words.length; i += WORDS_PER_CLASS) {
            changed.put(clientClass(words[i]), limit(words, i));
        }
        limits = changed;
    }

    private ClientClass clientClass(String word) throws InvalidSettingException {
        return switch (word.toLowerCase(Locale.ROOT)) {
            case "normal" -> ClientClass.NORMAL;
            case "slave", "replica" -> ClientClass.SLAVE;
            case "pubsub" -> ClientClass.PUBSUB;
            default -> throw new InvalidSettingException(name(),
                    "Invalid client class specified in buffer limit configuration.");
        };
    }

    private Limit limit(String[] words, int at) throws InvalidSettingException {
        try {
            int seconds = Integer.parseInt(words[at + 3]);
            if (seconds >= 0) {
                return new Limit(MemorySize.parse(words[at + 1]), MemorySize.parse(words[at + 2]), seconds);
            }
        } catch (NumberFormatException e) {
            // Falls to the one answer there is for all of these.
        }
        throw new InvalidSettingException(name(),
                "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }
}

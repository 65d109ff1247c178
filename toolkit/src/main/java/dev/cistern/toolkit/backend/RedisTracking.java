package dev.cistern.toolkit.backend;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.TrackingArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.push.PushMessage;

import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Server-assisted invalidation on one connection: it asks for CLIENT TRACKING, asks again after each reconnect, and
 * tells a listener what the server pushes. RESP3 is needed, so Redis or Valkey 6 or newer.
 */
final class RedisTracking implements RedisConnectionStateListener {

    private final StatefulRedisConnection<String, byte[]> connection;
    private final InvalidationListener listener;

    private RedisTracking(StatefulRedisConnection<String, byte[]> connection, InvalidationListener listener) {
        this.connection = connection;
        this.listener = listener;
    }

    /** Turns tracking on; the stage completes when the server has agreed. */
    static CompletionStage<StatefulRedisConnection<String, byte[]>> on(
            StatefulRedisConnection<String, byte[]> connection, InvalidationListener listener) {
        RedisTracking tracking = new RedisTracking(connection, listener);
        connection.addListener(tracking::pushed);
        connection.addListener((RedisConnectionStateListener) tracking);
        return tracking.ask().thenApply(ok -> connection);
    }

    @Override
    public void onRedisConnected(RedisChannelHandler<?, ?> handler, SocketAddress address) {
        var unused = ask();
    }

    @Override
    public void onRedisDisconnected(RedisChannelHandler<?, ?> handler) {
        listener.lost();
    }

    private CompletionStage<String> ask() {
        return connection.async().clientTracking(TrackingArgs.Builder.enabled()).whenComplete((ok, failure) -> {
            if (failure == null) {
                listener.tracking();
            }
        });
    }

    private void pushed(PushMessage message) {
        if (!message.getType().equals("invalidate")) {
            return;
        }
        Object keys = message.getContent(RedisTracking::text).get(1);
        if (keys instanceof List<?> changed) {
            listener.changed(changed.stream().map(RedisTracking::keyOf).toList());
        } else {
            // A null instead of keys: FLUSHALL or FLUSHDB.
            listener.lost();
            listener.tracking();
        }
    }

    private static String keyOf(Object key) {
        return key instanceof ByteBuffer bytes ? text(bytes) : key.toString();
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }
}

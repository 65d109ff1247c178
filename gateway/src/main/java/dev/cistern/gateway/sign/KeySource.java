package dev.cistern.gateway.sign;

import org.jspecify.annotations.Nullable;

/** Where a strict gateway looks keys up: asked once a request, so that a key that was deleted is refused at once. */
@FunctionalInterface
public interface KeySource {

    @Nullable
    AccessKey find(String id);
}

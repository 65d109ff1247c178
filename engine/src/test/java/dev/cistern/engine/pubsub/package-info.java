/** Publish and subscribe under load, across loops. */
@NullMarked
package dev.cistern.engine.pubsub;

import org.jspecify.annotations.NullMarked;

package dev.cistern.engine.dispatch;

/**
 * Something that one thread has for the sessions of a loop: a published message, an element for a blocked session.
 *
 * <p>Posted by any thread, also one that holds stripes ({@link NodeLoop#post}); delivered on the loop's thread, which
 * holds none, in the order of posting. So whoever posts while holding a key's stripe has its mail delivered in the order
 * in which the key changed.
 */
@FunctionalInterface
public interface Mail {

    /** Delivers it, on the thread of {@code loop}: pushes bytes to sessions, or lets them go on. */
    void deliver(NodeLoop loop);
}

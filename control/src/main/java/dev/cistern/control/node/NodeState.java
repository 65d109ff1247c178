package dev.cistern.control.node;

/** What a {@link NodeRuntime} knows of a node without asking the node itself. */
public enum NodeState {

    /** It was started and its process or listener is there; whether it answers is for the admin connection to say. */
    RUNNING,

    /** It is not there: never started, stopped, or ended by itself. */
    STOPPED
}

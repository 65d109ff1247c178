package dev.cistern.engine.dispatch;

/** Something that a package above this one keeps with a node or with one of its loops, and that ends with it. */
public interface Part {

    /** Gives back what it holds. Nobody uses it any more. */
    void close();
}

package dev.cistern.store;

/** Sees entries one by one, while their stripe is held: must be quick, and must not change the keyspace. */
@FunctionalInterface
public interface EntryVisitor {

    /** {@code entry} may be read with the methods of {@code keyspace} until this returns. */
    void visit(Keyspace keyspace, long entry);

    /** The same for an entry whose time is over: it is there only until somebody deletes it. */
    default void visitExpired(Keyspace keyspace, long entry) {}
}

package dev.cistern.store;

/** Where the fields and values of a new stream entry come from: the arguments of a request, by their index. */
@FunctionalInterface
public interface FieldSource {

    /** The view is good until the next call for the same index. */
    Bytes argument(int index);
}

package dev.cistern.store;

/** Hears that an element of a large value lies elsewhere from now on. Called under the stripe's lock. */
interface SlotMoved {

    SlotMoved NOBODY = (from, to) -> {};

    /** Both slots hold the element at this moment; {@code from} is freed afterwards. */
    void moved(long from, long to);
}

/**
 * The control plane in virtual time: its real code over simulated nodes, a simulated network and a database in memory, every
 * choice made by one seed.
 *
 * <p>{@link dev.cistern.control.simulation.World} runs threads one at a time and lets time pass between them,
 * {@link dev.cistern.control.simulation.SimNode} obeys orders as a node of ours does,
 * {@link dev.cistern.control.simulation.History} is what happens, and
 * {@link dev.cistern.control.simulation.Invariants} what must hold after each event.
 */
@NullMarked
package dev.cistern.control.simulation;

import org.jspecify.annotations.NullMarked;

/** Transactions through the wire and under load. */
@NullMarked
package dev.cistern.engine.transactions;

import org.jspecify.annotations.NullMarked;

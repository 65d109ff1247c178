/** Memory and keyspace of a cache node. Knows no sockets, no replies and no commands. */
@NullMarked
package dev.cistern.store;

import org.jspecify.annotations.NullMarked;

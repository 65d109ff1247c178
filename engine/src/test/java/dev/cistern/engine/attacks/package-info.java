/** What attackers have done to servers of this kind, and what a node does then. Each row of the list of attacks has its name. */
@NullMarked
package dev.cistern.engine.attacks;

import org.jspecify.annotations.NullMarked;

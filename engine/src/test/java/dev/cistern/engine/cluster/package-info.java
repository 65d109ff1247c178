@NullMarked
package dev.cistern.engine.cluster;

import org.jspecify.annotations.NullMarked;

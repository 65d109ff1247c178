/**
 * The keys that data are encrypted with on the disk, as far as the control plane knows them: by name. What is secret in
 * them, and the encryption itself, is the business of whoever runs the nodes.
 */
@NullMarked
package dev.cistern.control.key;

import org.jspecify.annotations.NullMarked;

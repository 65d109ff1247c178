/**
 * The small web server of the samples: files and JSON on the loopback interface, guarded against other pages of the same
 * browser. Each request has a virtual thread.
 */
@NullMarked
package dev.cistern.samples.web;

import org.jspecify.annotations.NullMarked;

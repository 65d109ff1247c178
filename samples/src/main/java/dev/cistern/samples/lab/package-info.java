/**
 * The pattern lab: small experiments, each run on the real cache when somebody presses its button. An experiment holds
 * its few lines of code and answers what happened as a record; the page draws it.
 */
@NullMarked
package dev.cistern.samples.lab;

import org.jspecify.annotations.NullMarked;

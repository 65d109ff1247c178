package dev.cistern.control.workflow;

/** The wish is wholly in the resource's own rows. */
record NoInput() {}

package dev.cistern.control.node;

import java.nio.file.Path;

/**
 * By which authority's word a node's certificate is believed.
 *
 * @param file     its certificate, in a file of the kind JKS
 * @param password what opens the file; no secret, as nothing in it is
 */
public record NodeTrust(Path file, String password) {}

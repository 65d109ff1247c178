package dev.cistern.engine.replication;

/** Where our primary is. */
public record PrimaryAddress(String host, int port) {}

package dev.cistern.samples.lab;

import dev.cistern.samples.hybrid.DemoNode;
import dev.cistern.samples.web.WebServer;

/** The experiments and their calls. */
public final class Lab implements AutoCloseable {

    public Lab(DemoNode node) {}

    public void serve(WebServer server) {}

    @Override
    public void close() {}
}

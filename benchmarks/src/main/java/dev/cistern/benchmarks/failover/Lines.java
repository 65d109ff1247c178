package dev.cistern.benchmarks.failover;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** The replies of a connection that answers in one line each: status, error, number. */
final class Lines {

    private final InputStream in;
    private final StringBuilder line = new StringBuilder();

    Lines(InputStream in) {
        this.in = new BufferedInputStream(in);
    }

    /** The next one, without its end. */
    String next() throws IOException {
        line.setLength(0);
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the connection ended");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }
}

package dev.cistern.gateway.sign;

import java.util.List;

/** The parts of an HTTP request that a signature covers, as they came over the wire. */
public interface SignedRequest {

    String method();

    /** Undecoded, without the query. */
    String rawPath();

    /** Undecoded, without the question mark; empty when there is none. */
    String rawQuery();

    /** Every value of one header, in order; {@code name} in lower case. */
    List<String> headers(String name);

    byte[] body();
}

package dev.cistern.gateway.http;

/**
 * What one client, and all of them together, may cost.
 *
 * @param requestLineBytes   method, URI and version; a presigned request has all its parameters there
 * @param headerBytes        all header fields of one request
 * @param bodyBytes          the body of one request
 * @param allBodiesBytes     the bodies of all requests in memory at one time
 * @param connections        open at one time; a further one is closed at once
 * @param requests           running at one time; a further one is answered 503
 * @param idleMillis         from the opening of a connection, or the last answer, to a request's whole header
 * @param bodyMillis         from a request's header to the end of its body
 * @param requestMillis      how long a request may run before its client gets a 503
 * @param writeMillis        how long a client may take to read its answer
 * @param drainMillis        how long closing waits for running requests
 */
public record HttpLimits(
        int requestLineBytes,
        int headerBytes,
        int bodyBytes,
        long allBodiesBytes,
        int connections,
        int requests,
        long idleMillis,
        long bodyMillis,
        long requestMillis,
        long writeMillis,
        long drainMillis) {

    public static final HttpLimits DEFAULT = new HttpLimits(
            16 * 1024, 32 * 1024, 1024 * 1024, 64L * 1024 * 1024, 1024, 256, 75_000, 20_000, 60_000, 20_000, 10_000);
}

package dev.cistern.gateway.http;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/** One whole answer. Its headers come on top of the content's type and length, which the server writes. */
public final class WebAnswer {

    private final int status;
    private final String contentType;
    private final byte[] body;
    private final Map<String, String> headers;

    private WebAnswer(int status, String contentType, byte[] body, Map<String, String> headers) {
        this.status = status;
        this.contentType = contentType;
        this.body = body;
        this.headers = Map.copyOf(headers);
    }

    public static WebAnswer of(int status, String contentType, String body, Map<String, String> headers) {
        return new WebAnswer(status, contentType, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    public static WebAnswer text(int status, String text) {
        return of(status, "text/plain; charset=utf-8", text, Map.of());
    }

    public static WebAnswer json(int status, String json) {
        return of(status, "application/json", json, Map.of());
    }

    int status() {
        return status;
    }

    String contentType() {
        return contentType;
    }

    byte[] body() {
        return body;
    }

    Map<String, String> headers() {
        return headers;
    }
}

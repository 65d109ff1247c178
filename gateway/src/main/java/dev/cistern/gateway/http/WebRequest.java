package dev.cistern.gateway.http;

import dev.cistern.gateway.sign.SignedRequest;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One whole request: nothing of it is still on its way. Immutable by convention: nobody writes into the body. */
public final class WebRequest implements SignedRequest {

    private final String method;
    private final String rawPath;
    private final String rawQuery;
    private final HttpHeaders headers;
    private final byte[] body;
    private final String source;

    WebRequest(String method, String uri, HttpHeaders headers, byte[] body, String source) {
        this.method = method;
        int question = uri.indexOf('?');
        this.rawPath = question < 0 ? uri : uri.substring(0, question);
        this.rawQuery = question < 0 ? "" : uri.substring(question + 1);
        this.headers = headers;
        this.body = body;
        this.source = source;
    }

    /** The address and port that it came from. */
    public String source() {
        return source;
    }

    @Override
    public String method() {
        return method;
    }

    @Override
    public String rawPath() {
        return rawPath;
    }

    @Override
    public String rawQuery() {
        return rawQuery;
    }

    @Override
    public List<String> headers(String name) {
        return headers.getAll(name);
    }

    public @Nullable String header(String name) {
        return headers.get(name);
    }

    @Override
    public byte[] body() {
        return body;
    }
}

package dev.cistern.gateway.sign;

import java.net.URI;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The signing side, for our own commands: the headers that make a GET without a body a signed one. */
public final class RequestSigner {

    private static final List<String> SIGNED = List.of("host", "x-amz-date");

    private final AccessKey key;
    private final String region;

    public RequestSigner(AccessKey key, String region) {
        this.key = key;
        this.region = region;
    }

    /** The headers to send beside Host. */
    public Map<String, String> sign(URI address, Instant now) {
        String date = SignatureVerifier.BASIC.format(now.atOffset(ZoneOffset.UTC));
        CallerScope scope = new CallerScope(key.id(), date.substring(0, SignatureVerifier.DATE_LENGTH), region,
                "elasticache");
        Authorization unsigned = new Authorization(scope, date, SIGNED, "", null);
        String signature = SignatureVerifier.signature(CanonicalRequest.of(new Get(address, date), SIGNED), unsigned,
                key.secret());
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("X-Amz-Date", date);
        headers.put("Authorization", Authorization.ALGORITHM + " Credential=" + key.id() + "/" + scope.text()
                + ", SignedHeaders=" + String.join(";", SIGNED) + ", Signature=" + signature);
        return headers;
    }

    private record Get(URI address, String date) implements SignedRequest {

        @Override
        public String method() {
            return "GET";
        }

        @Override
        public String rawPath() {
            return address.getRawPath();
        }

        @Override
        public String rawQuery() {
            return address.getRawQuery() == null ? "" : address.getRawQuery();
        }

        @Override
        public List<String> headers(String name) {
            return List.of(name.equals("host") ? address.getRawAuthority() : date);
        }

        @Override
        public byte[] body() {
            return new byte[0];
        }
    }
}

package dev.cistern.gateway;

import java.net.URI;
import java.util.function.Consumer;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

/** The real SDK client, pointed at a gateway. */
final class TestClients {

    static final String KEY = "AKIDCISTERN";
    static final String SECRET = "a-secret/with+signs=";

    private TestClients() {}

    static ElastiCacheClient of(Gateway gateway) {
        return of(gateway.url(), KEY, SECRET, Region.US_EAST_1, request -> {});
    }

    /** A client that may change each request after it was signed. */
    static ElastiCacheClient of(
            String url, String key, String secret, Region region, Consumer<SdkHttpRequest.Builder> change) {
        return ElastiCacheClient.builder()
                .endpointOverride(URI.create(url))
                .region(region)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create(key, secret)))
                .overrideConfiguration(config -> config.addExecutionInterceptor(new ExecutionInterceptor() {
                    @Override
                    public SdkHttpRequest modifyHttpRequest(
                            Context.ModifyHttpRequest context, ExecutionAttributes attributes) {
                        return context.httpRequest().toBuilder().applyMutation(change).build();
                    }
                }))
                .build();
    }
}

package dev.cistern.control;

import java.lang.reflect.Method;
import java.util.SortedSet;
import java.util.TreeSet;
import software.amazon.awssdk.awscore.AwsRequest;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

/**
 * The ElastiCache API: AWS's own interface, each operation handed to the class of its resource.
 *
 * <p>What is not overridden here is not offered: the interface's default throws {@link UnsupportedOperationException}.
 * Faults are the SDK's own exceptions with code, message and status. Runs on the caller's thread.
 */
final class ElastiCacheService implements ElastiCacheClient {

    private final Caller caller;

    ElastiCacheService(Caller caller) {
        this.caller = caller;
    }

    /** Read from this class itself, so that the list cannot promise more or less than what is here. */
    static SortedSet<String> offeredOperations() {
        SortedSet<String> names = new TreeSet<>();
        for (Method method : ElastiCacheService.class.getDeclaredMethods()) {
            if (method.getParameterCount() == 1 && AwsRequest.class.isAssignableFrom(method.getParameterTypes()[0])) {
                names.add(Character.toUpperCase(method.getName().charAt(0)) + method.getName().substring(1));
            }
        }
        return names;
    }

    @Override
    public String serviceName() {
        return SERVICE_NAME;
    }

    /** Nothing is held per caller. */
    @Override
    public void close() {}

    @Override
    public String toString() {
        return "ElastiCache of account " + caller.account() + " in " + caller.region();
    }
}

package dev.cistern.gateway.wire;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One service's operations by AWS's names, and the rules of their requests.
 *
 * <p>The table is made from AWS's service model by {@code tools/service-rules.py} and lies beside this class; reading
 * it costs a few milliseconds where listing the SDK's interface costs hundreds.
 */
public final class ServiceRules {

    private final SortedMap<String, MemberRules> operations;

    private ServiceRules(SortedMap<String, MemberRules> operations) {
        this.operations = Collections.unmodifiableSortedMap(operations);
    }

    /** The table {@code <service>.rules}. */
    public static ServiceRules load(String service) {
        String file = service + ".rules";
        try (InputStream in = Objects.requireNonNull(ServiceRules.class.getResourceAsStream(file), file)) {
            return read(new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Operations of which nothing is known but the names. */
    static ServiceRules ofNames(Iterable<String> names) {
        SortedMap<String, MemberRules> operations = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        names.forEach(name -> operations.put(name, new MemberRules()));
        return new ServiceRules(operations);
    }

    /** By name, without regard to case, as AWS compares an Action. */
    SortedMap<String, MemberRules> operations() {
        return operations;
    }

    public Iterable<String> operationNames() {
        return operations.keySet();
    }

    private static ServiceRules read(BufferedReader reader) throws IOException {
        SortedMap<String, MemberRules> operations = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        MemberRules current = new MemberRules();
        @Nullable
        String line;
        while ((line = reader.readLine()) != null) {
            if (line.startsWith("  ")) {
                current.add(line);
            } else if (!line.startsWith("#")) {
                current = new MemberRules();
                operations.put(line, current);
            }
        }
        return new ServiceRules(operations);
    }
}

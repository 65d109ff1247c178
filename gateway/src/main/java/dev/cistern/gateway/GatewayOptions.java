package dev.cistern.gateway;

import dev.cistern.control.Caller;
import dev.cistern.gateway.audit.AuditLog;
import dev.cistern.gateway.http.HttpLimits;
import dev.cistern.gateway.sign.KeySource;
import java.time.InstantSource;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Gateway} listens and whom it believes.
 *
 * @param host       the address to listen on
 * @param port       0 for a free one
 * @param version    what /health tells
 * @param hostNames  names beside localhost under which clients may address a gateway on loopback
 * @param keys       accept only requests signed with these; null for open mode, where everyone is who they say
 * @param regions    regions that a signature may be scoped to; empty for all
 * @param fallback   the caller where the credentials name nobody
 * @param limits     what clients may cost
 * @param clock      the time of signatures and answers
 * @param audit      where calls are recorded; the gateway closes it
 */
public record GatewayOptions(
        String host,
        int port,
        String version,
        Set<String> hostNames,
        @Nullable KeySource keys,
        Set<String> regions,
        Caller fallback,
        HttpLimits limits,
        InstantSource clock,
        AuditLog audit) {

    public static final int DEFAULT_PORT = 8379;

    /** Loopback, port 8379, open mode. */
    public static final GatewayOptions DEFAULT = new GatewayOptions(
            "127.0.0.1", DEFAULT_PORT, "development", Set.of(), null, Set.of(), Caller.DEFAULT, HttpLimits.DEFAULT,
            InstantSource.system(), AuditLog.NONE);

    public GatewayOptions withAddress(String newHost, int newPort) {
        return new GatewayOptions(newHost, newPort, version, hostNames, keys, regions, fallback, limits, clock, audit);
    }

    public GatewayOptions withVersion(String value) {
        return new GatewayOptions(host, port, value, hostNames, keys, regions, fallback, limits, clock, audit);
    }

    public GatewayOptions withHostNames(Set<String> value) {
        return new GatewayOptions(host, port, version, value, keys, regions, fallback, limits, clock, audit);
    }

    /** Strict mode: every request must be signed with one of {@code value}. */
    public GatewayOptions withKeys(KeySource value) {
        return new GatewayOptions(host, port, version, hostNames, value, regions, fallback, limits, clock, audit);
    }

    public GatewayOptions withRegions(Set<String> value) {
        return new GatewayOptions(host, port, version, hostNames, keys, value, fallback, limits, clock, audit);
    }

    public GatewayOptions withFallback(Caller value) {
        return new GatewayOptions(host, port, version, hostNames, keys, regions, value, limits, clock, audit);
    }

    public GatewayOptions withLimits(HttpLimits value) {
        return new GatewayOptions(host, port, version, hostNames, keys, regions, fallback, value, clock, audit);
    }

    public GatewayOptions withClock(InstantSource value) {
        return new GatewayOptions(host, port, version, hostNames, keys, regions, fallback, limits, value, audit);
    }

    public GatewayOptions withAudit(AuditLog value) {
        return new GatewayOptions(host, port, version, hostNames, keys, regions, fallback, limits, clock, value);
    }
}

package dev.cistern.gateway.sign;

import dev.cistern.control.Caller;
import org.jspecify.annotations.Nullable;

/**
 * Who calls, as far as the gateway believes it.
 *
 * @param caller   whose resources the call is about
 * @param keyId    the access key it was signed with, or said to be; empty when none was named
 * @param name     what the key is called; empty in open mode
 * @param service  the service that the signature is scoped to; null when there is none
 */
public record Identity(Caller caller, String keyId, String name, Role role, @Nullable String service) {}

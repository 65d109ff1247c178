package dev.cistern.gateway.wire;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.protocol.MarshallingKnownType;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.core.traits.MapTrait;

/**
 * One place in a request as a protocol spells it: a structure, a list, a map or a scalar, whichever is asked of it.
 *
 * <p>What is asked and does not fit throws a {@link WireFault}. {@link ShapeReader} does the asking.
 */
interface WireNode {

    /** The way here in the client's spelling, for messages. */
    String path();

    /** The member of a structure, or null when the client did not say it. */
    @Nullable
    WireNode member(SdkField<?> field);

    List<? extends WireNode> items(ListTrait trait);

    Map<String, ? extends WireNode> entries(MapTrait trait);

    /** The value as the Java type that the SDK has for {@code type}. */
    Object scalar(MarshallingKnownType type);
}

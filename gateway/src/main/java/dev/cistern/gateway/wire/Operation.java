package dev.cistern.gateway.wire;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.util.Locale;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.utils.builder.Buildable;

/**
 * One operation of a service's SDK interface: how to start its request, and how to call it.
 *
 * <p>Not found by listing the interface, which loads all its hundreds of classes: the SDK's names follow from AWS's, so
 * one operation loads its own two. Immutable.
 */
final class Operation {

    private final String name;
    private final Class<?> api;
    private final MemberRules rules;
    private final MethodHandle newBuilder;
    private final MethodHandle call;

    private Operation(String name, Class<?> api, MemberRules rules, MethodHandle newBuilder, MethodHandle call) {
        this.name = name;
        this.api = api;
        this.rules = rules;
        this.newBuilder = newBuilder;
        this.call = call;
    }

    static Operation find(Class<?> api, String name, MemberRules rules) {
        try {
            return byName(api, name, rules);
        } catch (ReflectiveOperationException | NoClassDefFoundError otherLetterCase) {
            return bySearch(api, name, rules);
        }
    }

    private static Operation byName(Class<?> api, String name, MemberRules rules) throws ReflectiveOperationException {
        Class<?> request = model(api, name + "Request");
        MethodType signature = MethodType.methodType(model(api, name + "Response"), request);
        MethodType builder = MethodType.methodType(model(api, name + "Request$Builder"));
        String method = name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1);
        MethodHandles.Lookup lookup = MethodHandles.publicLookup();
        return new Operation(name, api, rules, lookup.findStatic(request, "builder", builder),
                lookup.findVirtual(api, method, signature));
    }

    private static Class<?> model(Class<?> api, String name) throws ClassNotFoundException {
        return Class.forName(api.getPackageName() + ".model." + name);
    }

    /** For the few whose classes are spelled otherwise: SNS has setSMSAttributes(SetSmsAttributesRequest). */
    private static Operation bySearch(Class<?> api, String name, MemberRules rules) {
        try {
            for (Method method : api.getMethods()) {
                if (method.getName().equalsIgnoreCase(name) && isCall(method)) {
                    Method builder = method.getParameterTypes()[0].getMethod("builder");
                    MethodHandles.Lookup lookup = MethodHandles.publicLookup();
                    return new Operation(name, api, rules, lookup.unreflect(builder), lookup.unreflect(method));
                }
            }
        } catch (ReflectiveOperationException inaccessible) {
            throw new IllegalStateException("the SDK hides " + name, inaccessible);
        }
        throw new IllegalStateException("the SDK has no operation " + name);
    }

    /** Is this {@code xxx(XxxRequest)}, and not the same with a lambda that fills a builder? */
    static boolean isCall(Method method) {
        return method.getParameterCount() == 1
                && SdkPojo.class.isAssignableFrom(method.getParameterTypes()[0])
                && SdkPojo.class.isAssignableFrom(method.getReturnType());
    }

    String name() {
        return name;
    }

    Object request(WireNode parameters) throws Throwable {
        SdkPojo builder = (SdkPojo) newBuilder.invoke();
        ShapeReader.fill(builder, parameters, rules);
        return ((Buildable) builder).build();
    }

    /** Calls the operation; whatever the service throws comes out as it is, except "not offered". */
    SdkPojo call(Object service, Object request) throws Throwable {
        try {
            return (SdkPojo) call.invoke(service, request);
        } catch (UnsupportedOperationException refused) {
            throw isInterfaceDefault(refused) ? WireFault.notOffered(name) : refused;
        }
    }

    /** Thrown by the interface's own default method, or by a defect that happens to throw the same type? */
    private boolean isInterfaceDefault(UnsupportedOperationException refused) {
        StackTraceElement[] trace = refused.getStackTrace();
        return trace.length > 0 && trace[0].getClassName().equals(api.getName());
    }
}

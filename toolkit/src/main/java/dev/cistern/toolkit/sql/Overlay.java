package dev.cistern.toolkit.sql;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One object as a large interface of JDBC: the methods that a subclass has, by name and parameters, are its own; all
 * others go to {@link #others}. So a subclass shows what is special and nothing else, and a new JDBC version's methods
 * need no new code.
 */
abstract class Overlay implements InvocationHandler {

    private static final Map<Class<?>, Map<Method, Optional<Method>>> OWN = new ConcurrentHashMap<>();

    /** This object in the form of {@code type}. */
    final <T> T as(Class<T> type) {
        return type.cast(Proxy.newProxyInstance(Overlay.class.getClassLoader(), new Class<?>[]{type}, this));
    }

    @Override
    public final @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) throws Throwable {
        Object[] given = arguments == null ? new Object[0] : arguments;
        if (method.getDeclaringClass().equals(Object.class)) {
            return ofObject(proxy, method, given);
        }
        Optional<Method> own = OWN.computeIfAbsent(getClass(), type -> new ConcurrentHashMap<>()).computeIfAbsent(
                method, this::find);
        try {
            return own.isPresent() ? own.get().invoke(this, given) : others(method, given);
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }

    /** What happens to a call that this class has no method for. */
    abstract @Nullable Object others(Method method, Object[] arguments) throws Throwable;

    private Optional<Method> find(Method wanted) {
        for (Class<?> type = getClass(); !type.equals(Overlay.class); type = type.getSuperclass()) {
            try {
                return Optional.of(type.getDeclaredMethod(wanted.getName(), wanted.getParameterTypes()));
            } catch (NoSuchMethodException e) {
                // Perhaps further up.
            }
        }
        return Optional.empty();
    }

    @SuppressWarnings("ReferenceEquality") // a connection or a result equals itself and nothing else
    private Object ofObject(Object proxy, Method method, Object[] arguments) {
        return switch (method.getName()) {
            case "equals" -> proxy == arguments[0];
            case "hashCode" -> System.identityHashCode(proxy);
            default -> getClass().getSimpleName() + "@" + Integer.toHexString(System.identityHashCode(proxy));
        };
    }
}

package dev.cistern.toolkit.spring;

import java.lang.reflect.Method;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.springframework.cache.interceptor.KeyGenerator;

/**
 * Keys from a method's parameters, spelled so that different parameters have different keys. Spring's own would spell
 * ("a,b") and ("a", "b") the same, which only works where keys are compared as objects.
 */
final class ParameterKeys implements KeyGenerator {

    @Override
    public Object generate(Object target, Method method, @Nullable Object... parameters) {
        if (parameters.length == 1) {
            return text(parameters[0]);
        }
        StringBuilder key = new StringBuilder().append(parameters.length);
        for (Object parameter : parameters) {
            String text = text(parameter);
            key.append('|').append(text.length()).append('|').append(text);
        }
        return key.toString();
    }

    static String text(@Nullable Object key) {
        if (key == null) {
            return "(null)";
        }
        return key.getClass().isArray() ? Arrays.deepToString(new Object[]{key}) : key.toString();
    }
}

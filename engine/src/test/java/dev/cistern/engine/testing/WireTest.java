package dev.cistern.engine.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test that runs twice: on a Cistern node, and on the original when it is installed (otherwise that half is reported
 * as skipped). It may ask for a {@link TestClient}, several, and the {@link TestServer}. Keys are gone before each.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(WireTestExtension.class)
public @interface WireTest {

    /** Settings of a server for this test alone, names and values in turn; without any, the class shares one. */
    String[] settings() default {};

    /**
     * Whether the tests of the class that want these settings share one server, which forgets its keys and, in cluster
     * mode, its slots before each; what a test sets besides it takes back itself.
     */
    boolean shared() default false;

    /** Why the original cannot run it: what we do otherwise, or what only newer versions do. */
    String notOnOriginal() default "";
}

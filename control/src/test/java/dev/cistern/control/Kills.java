package dev.cistern.control;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Which workflows a test kills at each of their points, by the names that are stored. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@interface Kills {

    String[] value();
}

package dev.cistern.control.workflow;

/** Is told around each step; a test that throws an {@link Error} here has killed the workflow at that very point. */
@FunctionalInterface
public interface StepObserver {

    /** Where a workflow stands with a step. */
    enum Point {

        /** Nothing of the step was done in this run. */
        BEFORE,

        /** Its work is done, its result is not stored. */
        WORKED,

        /** Its result is stored. */
        STORED
    }

    /** Sees and does nothing. */
    StepObserver NONE = (workflow, step, point) -> {};

    void reached(String workflow, String step, Point point);
}

package dev.cistern.control;

import dev.cistern.control.state.Database;
import dev.cistern.control.state.StateDirectory;
import dev.cistern.control.workflow.StepObserver;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Lets tests of other packages open a control plane over a state of theirs. */
public final class PlaneDoor {

    private PlaneDoor() {}

    public static ControlPlane open(ControlPlaneOptions options, StateDirectory directory, Database database,
            StepObserver observer) {
        try {
            return ControlPlane.open(options, directory, database, observer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

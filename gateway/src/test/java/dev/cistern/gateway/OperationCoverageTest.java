package dev.cistern.gateway;

import dev.cistern.control.ControlPlane;
import java.util.Set;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class OperationCoverageTest {

    @Test
    void everyOperationIsListedOnce() {
        String page = OperationCoverage.markdown(Set.of("TestFailover"));
        assertThat(page).contains("1 of 75 operations", "| TestFailover | acts |", "| AddTagsToResource | refused |");
        assertThat(page.lines().filter(line -> line.endsWith("acts |") || line.endsWith("refused |"))).hasSize(75);
    }

    @Test
    void aNameThatAwsDoesNotHaveIsRefused() {
        assertThatThrownBy(() -> OperationCoverage.markdown(Set.of("TestFailOver")))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("TestFailOver");
    }

    /** What the control plane says of itself uses AWS's names. */
    @Test
    void theControlPlanesOwnListFits() {
        assertThat(OperationCoverage.markdown(ControlPlane.offeredOperations())).contains("| acts |");
    }
}

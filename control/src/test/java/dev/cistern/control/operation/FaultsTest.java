package dev.cistern.control.operation;

import dev.cistern.control.resource.Tsv;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.elasticache.model.ElastiCacheException;

import static org.assertj.core.api.Assertions.assertThat;

/** The table of codes names classes that the SDK has, each once. */
final class FaultsTest {

    @Test
    void everyRowIsAnExceptionOfTheSdk() throws ClassNotFoundException {
        List<String[]> rows = Tsv.rows(Faults.class, "faults.tsv");
        assertThat(rows).hasSize(76);
        Set<String> codes = new HashSet<>();
        for (String[] row : rows) {
            Class<?> type = Class.forName(ElastiCacheException.class.getPackageName() + "." + row[0]);
            assertThat(type).isAssignableTo(ElastiCacheException.class);
            assertThat(codes.add(row[1])).as(row[1]).isTrue();
            assertThat(Integer.parseInt(row[2])).isIn(400, 404, 408);
        }
    }

    @Test
    void aFaultIsWhatAClientOfTheSdkWouldCatch() {
        var fault = Faults.replicationGroupNotFound("g");
        assertThat(fault.awsErrorDetails().errorCode()).isEqualTo("ReplicationGroupNotFoundFault");
        assertThat(fault.statusCode()).isEqualTo(404);
        assertThat(fault.getMessage()).startsWith("ReplicationGroup g not found. (Service: ElastiCache");
    }
}
